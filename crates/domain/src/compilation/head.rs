//! The head lines of a compilation: who requested, who answered, in which order and in which words.

use chrono::NaiveDate;

use super::{Extended, Head, Named, Snapshot, Submitted};
use crate::clock::{brussels_date, written_date};
use crate::dissemination::Circle;
use crate::office::{OfficeCode, Offices, Standing};
use crate::query::Life;

/// The day whose names and standings a document uses.
fn day(snapshot: &Snapshot<'_>) -> NaiveDate {
    snapshot
        .query
        .requested_on()
        .unwrap_or_else(|| brussels_date(snapshot.now))
}

pub(super) fn name(snapshot: &Snapshot<'_>, office: &OfficeCode) -> String {
    snapshot.offices.name_on(office, day(snapshot))
}

/// The standing of an office towards this query: as written down at launch, else today's.
pub(super) fn standing(snapshot: &Snapshot<'_>, office: &OfficeCode) -> Standing {
    snapshot
        .query
        .launched()
        .and_then(|launched| launched.addressee(office))
        .map(|addressee| addressee.standing)
        .or_else(|| snapshot.offices.get(office).map(|office| office.standing))
        .unwrap_or(Standing::Guest)
}

/// The place of a standing among the respondents: members, then observers and guests, the Commission last.
fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Member => 0,
        Standing::Observer | Standing::Guest => 1,
        Standing::Commission | Standing::ServiceProvider => 2,
    }
}

pub(super) fn in_order<'a>(snapshot: &Snapshot<'a>) -> Vec<&'a Submitted> {
    let mut ordered: Vec<_> = snapshot.responses.iter().collect();
    ordered.sort_by_key(|response| {
        (
            rank(standing(snapshot, &response.office)),
            name(snapshot, &response.office),
        )
    });
    ordered
}

pub(super) fn head(snapshot: &Snapshot<'_>, circle: Circle, ordered: &[&Submitted]) -> Head {
    let query = snapshot.query;
    let date = day(snapshot);
    let named = |code: &OfficeCode| Named {
        office: code.clone(),
        name: snapshot.offices.name_on(code, date),
    };
    let respondents: Vec<(OfficeCode, bool)> = match &query.life {
        Life::Imported(imported) => imported.respondents.iter().map(|code| (code.clone(), false)).collect(),
        _ => ordered
            .iter()
            .map(|response| (response.office.clone(), response.late))
            .collect(),
    };
    let requesters: Vec<_> = query.requesters().map(named).collect();
    let wording = requesters_line(&query.requesters().cloned().collect::<Vec<_>>(), snapshot.offices, date);
    let for_network = |list: Vec<Named>| (circle != Circle::Public).then_some(list);
    Head {
        query: query.id,
        number: query.number(),
        title: query.title.clone(),
        requesters,
        requested_line: match query.requested_on() {
            Some(on) => format!("Requested by {wording} on {}", written_date(on)),
            None => format!("Requested by {wording}"),
        },
        requested_on: query.requested_on(),
        topics: snapshot.topics.to_vec(),
        reply_by: match &query.life {
            Life::Draft { .. } => None,
            Life::Launched(launched) => Some(launched.deadline.date),
            Life::Imported(imported) => imported.reply_by,
        },
        extensions: query.launched().map_or_else(Vec::new, |launched| {
            launched
                .extensions
                .iter()
                .map(|extension| Extended {
                    on: brussels_date(extension.at),
                    from: extension.from,
                    to: extension.to,
                })
                .collect()
        }),
        compiled_on: match &query.life {
            Life::Imported(imported) => imported.compiled_on,
            _ => Some(brussels_date(snapshot.now)),
        },
        responses_line: responses_line(&respondents, |code| standing(snapshot, code), snapshot.offices, date),
        total: respondents.len(),
        declined: for_network(sorted(snapshot.declined.iter().map(named).collect())),
        not_answered: for_network(sorted(not_answered(snapshot).iter().map(|code| named(code)).collect())),
    }
}

fn sorted(mut names: Vec<Named>) -> Vec<Named> {
    names.sort_by(|one, other| one.name.cmp(&other.name));
    names
}

/// The addressees without a submitted response that did not decline either.
fn not_answered<'a>(snapshot: &Snapshot<'a>) -> Vec<&'a OfficeCode> {
    let Some(launched) = snapshot.query.launched() else {
        return Vec::new();
    };
    launched
        .addressees
        .iter()
        .map(|addressee| &addressee.office)
        .filter(|office| {
            !snapshot.responses.iter().any(|response| response.office == **office)
                && !snapshot.declined.contains(office)
        })
        .collect()
}

/// `EMN NCP Luxembourg, EMN NCP Netherlands and the Commission`: the lead first, the Commission last.
pub fn requesters_line(requesters: &[OfficeCode], offices: &Offices, date: NaiveDate) -> String {
    let commission = OfficeCode::commission();
    let (mut names, mut last) = (Vec::new(), Vec::new());
    for (index, code) in requesters.iter().enumerate() {
        let name = offices
            .get(code)
            .map_or_else(|| code.to_string(), |office| office.as_requester_on(date));
        if *code == commission && index > 0 {
            last.push(name);
        } else {
            names.push(name);
        }
    }
    names.append(&mut last);
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

/// `Responses from Austria, Belgium (late), Sweden plus Norway and Serbia (5 in total)`: members in English
/// alphabetical order with commas and no "and", then "plus" observers and guests, the Commission last.
pub fn responses_line(
    respondents: &[(OfficeCode, bool)],
    standing: impl Fn(&OfficeCode) -> Standing,
    offices: &Offices,
    date: NaiveDate,
) -> String {
    let group = |wanted: u8| {
        let mut names: Vec<String> = respondents
            .iter()
            .filter(|(code, _)| rank(standing(code)) == wanted)
            .map(|(code, late)| {
                let name = match offices.get(code) {
                    Some(office) if rank(standing(code)) == 2 => office.as_requester_on(date),
                    _ => offices.name_on(code, date),
                };
                if *late { format!("{name} (late)") } else { name }
            })
            .collect();
        names.sort();
        names
    };
    let members = group(0).join(", ");
    let mut others = group(1);
    others.append(&mut group(2));
    let others = match others.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    };
    let total = respondents.len();
    match (members.is_empty(), others.is_empty()) {
        (true, true) => "No responses (0 in total)".to_owned(),
        (false, true) => format!("Responses from {members} ({total} in total)"),
        (true, false) => format!("Responses from {others} ({total} in total)"),
        (false, false) => format!("Responses from {members} plus {others} ({total} in total)"),
    }
}
