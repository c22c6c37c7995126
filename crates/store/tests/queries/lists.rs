//! Lists: what is in them, for whom, in which order, and page by page.

use crate::on_both;
use crate::random::{TITLES, caller, midnight, moment, office, queries as some_queries};
use crate::world::{Answered, fill, for_all, same, world};
use ahq_domain::clock::Instant;
use ahq_domain::id::EditionId;
use ahq_domain::number::QueryNumber;
use ahq_domain::office::OfficeCode;
use ahq_domain::permission::{Action, Caller, Subject, may, scope};
use ahq_domain::query::{Life, Publication, Query, Status};
use ahq_domain::response::ResponseStatus;
use ahq_store::queries::{self, Cursor, QueryFilter, QueryItem, QuerySort};
use ahq_store::{Connection, Store, StoreError};
use chrono::{Datelike, NaiveDate, TimeDelta};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

on_both!(
    a_list_holds_what_its_reader_may_read,
    filters_mean_what_they_say,
    everybody_reads_what_is_published,
    a_publication_holds_from_its_microsecond_on,
    pages_hold_every_row_once_and_in_order,
    a_page_is_one_statement,
);

const SORTS: [QuerySort; 5] = [
    QuerySort::Requested,
    QuerySort::Deadline,
    QuerySort::Number,
    QuerySort::Title,
    QuerySort::Changed,
];

/// The whole list of a caller.
fn list(
    conn: &mut Connection,
    caller: &Caller,
    filter: &QueryFilter,
    now: Instant,
) -> Result<Vec<QueryItem>, StoreError> {
    let office = caller.party().map(|party| &party.office);
    let scope = scope(caller);
    let (items, next) = queries::page(conn, &scope, office, filter, QuerySort::Requested, true, None, 100, now)?;
    same(next, None, "the cursor after the last page")?;
    Ok(items)
}

fn ids(items: &[QueryItem]) -> BTreeSet<Uuid> {
    items.iter().map(|item| item.id.0).collect()
}

fn expected_ids(world: &[(Query, Answered)], holds: impl Fn(&Query, &Answered) -> bool) -> BTreeSet<Uuid> {
    let held = world.iter().filter(|(query, answered)| holds(query, answered));
    held.map(|(query, _)| query.id.0).collect()
}

async fn a_list_holds_what_its_reader_may_read(store: &Store) {
    for_all(
        store,
        256,
        (world(), vec(caller(), 8), moment()),
        |conn, (world, callers, now)| {
            fill(conn, world)?;
            for caller in callers {
                let items = list(conn, caller, &QueryFilter::default(), *now)?;
                let readable = expected_ids(world, |query, _| {
                    may(caller, Action::ReadQuery, Subject::Query(query), *now).is_ok()
                });
                same(ids(&items), readable, &format!("the list of {caller:?}"))?;
                let office = caller.party().map(|party| &party.office);
                for item in items {
                    let (query, answered) = world.iter().find(|(query, _)| query.id == item.id).unwrap();
                    same(&item, &expected_item(query, answered, office, *now), "an item")?;
                }
            }
            Ok(())
        },
    )
    .await;
}

fn expected_item(query: &Query, answered: &Answered, office: Option<&OfficeCode>, now: Instant) -> QueryItem {
    let launched = query.launched();
    let (deadline, urgent) = match &query.life {
        Life::Draft {
            deadline,
            urgent_reason,
        } => (*deadline, urgent_reason.is_some()),
        Life::Launched(launched) => (Some(launched.deadline.date), launched.urgent_reason.is_some()),
        Life::Imported(imported) => (imported.reply_by, false),
    };
    QueryItem {
        id: query.id,
        version: query.version,
        number: query.number(),
        title: query.title.clone(),
        lead: query.lead.clone(),
        joint: query.requesters().skip(1).cloned().collect(),
        topics: query.topics.clone(),
        status: query.status(now),
        requested_on: query.requested_on(),
        deadline,
        ends: launched.map(|launched| launched.deadline.end),
        urgent,
        edition: launched
            .and_then(|launched| launched.last_edition.as_ref())
            .map(|edition| edition.number),
        changed: query.changed,
        own_response: office
            .filter(|_| launched.is_some())
            .and_then(|own| answered.responses.get(own))
            .copied(),
        addressed: launched.is_some_and(|launched| office.is_some_and(|own| launched.addressee(own).is_some())),
    }
}

prop_compose! {
    fn filter()(
        status in vec(select(&[
            Status::Draft, Status::Withdrawn, Status::Published, Status::Compiled, Status::Closed, Status::Open,
        ][..]), 0..4),
        topic in option::weighted(0.2, select(&["border", "nothing"][..])),
        keyword in option::weighted(0.2, select(&["Eurodac", "eurodac", "q\"\\%"][..])),
        requester in option::weighted(0.3, office()),
        respondent in option::weighted(0.3, office()),
        year in option::weighted(0.2, select(&[2025, 2026, 300_000][..])),
        title in option::weighted(0.3, select(&["ASYLUM", "ÄUSS", "0%", "_", "%"][..])),
        addressed_to in option::weighted(0.3, office()),
    ) -> QueryFilter {
        QueryFilter {
            status,
            topic: topic.map(str::to_owned),
            keyword: keyword.map(str::to_owned),
            requester,
            respondent,
            year,
            title: title.map(str::to_owned),
            addressed_to,
        }
    }
}

/// Whether a query fulfils all of a filter but its respondent.
fn fulfils(query: &Query, filter: &QueryFilter, now: Instant) -> bool {
    let fold = |text: &str| text.to_lowercase();
    let addressed = |office: &OfficeCode| {
        query
            .launched()
            .is_some_and(|launched| launched.addressee(office).is_some())
    };
    (filter.status.is_empty() || filter.status.contains(&query.status(now)))
        && filter.topic.as_ref().is_none_or(|topic| query.topics.contains(topic))
        && filter
            .keyword
            .as_ref()
            .is_none_or(|keyword| query.keywords.contains(keyword))
        && filter
            .requester
            .as_ref()
            .is_none_or(|office| query.is_requester(office))
        && filter
            .year
            .is_none_or(|year| query.requested_on().is_some_and(|day| day.year() == year))
        && filter
            .title
            .as_ref()
            .is_none_or(|part| fold(&query.title).contains(&fold(part)))
        && filter.addressed_to.as_ref().is_none_or(addressed)
}

fn imported_of(query: &Query, office: &OfficeCode) -> bool {
    matches!(&query.life, Life::Imported(imported) if imported.respondents.contains(office))
}

async fn filters_mean_what_they_say(store: &Store) {
    for_all(
        store,
        64,
        (world(), vec(filter(), 12), moment()),
        |conn, (world, filters, now)| {
            fill(conn, world)?;
            for filter in filters {
                let answered_by = |query: &Query, answered: &Answered, office: &OfficeCode| {
                    let submitted = answered.responses.get(office) == Some(&ResponseStatus::Submitted);
                    imported_of(query, office) || query.launched().is_some() && submitted
                };
                let expected = expected_ids(world, |query, answered| {
                    fulfils(query, filter, *now)
                        && filter
                            .respondent
                            .as_ref()
                            .is_none_or(|office| answered_by(query, answered, office))
                });
                same(
                    ids(&list(conn, &Caller::System, filter, *now)?),
                    expected,
                    &format!("the list of {filter:?}"),
                )?;
            }
            Ok(())
        },
    )
    .await;
}

async fn everybody_reads_what_is_published(store: &Store) {
    for_all(
        store,
        64,
        (world(), vec(filter(), 12), moment()),
        |conn, (world, filters, now)| {
            fill(conn, world)?;
            for filter in filters {
                let made_public = |query: &Query, answered: &Answered, office: &OfficeCode| {
                    query.launched().is_some_and(|launched| {
                        let public = launched.publications.iter().filter(|known| known.from <= *now);
                        public
                            .map(|known| &answered.editions[usize::try_from(known.number - 1).unwrap()])
                            .any(|offices| offices.contains(office))
                    })
                };
                let expected = expected_ids(world, |query, answered| {
                    query.status(*now) == Status::Published
                        && fulfils(query, filter, *now)
                        && filter
                            .respondent
                            .as_ref()
                            .is_none_or(|office| imported_of(query, office) || made_public(query, answered, office))
                });
                let (items, _) = queries::public_page(conn, filter, QuerySort::Number, false, None, 100, *now)?;
                same(ids(&items), expected, &format!("the public list of {filter:?}"))?;
                same(
                    items.iter().any(|item| item.addressed || item.own_response.is_some()),
                    false,
                    "own facts",
                )?;
            }
            Ok(())
        },
    )
    .await;
}

async fn a_publication_holds_from_its_microsecond_on(store: &Store) {
    let at: OfficeCode = "AT".parse().unwrap();
    let launched = |query: &Query| matches!(query.life, Life::Launched(_));
    let mut query = crate::rows::examples().into_iter().find(launched).unwrap();
    // One without Austria was public long before.
    for micros in [0, 1, 10, 1_000, 500_000, 999_999] {
        let from = midnight() + TimeDelta::microseconds(micros);
        if let Life::Launched(launched) = &mut query.life {
            launched.withdrawn = None;
            let publication = |number: i32, from| Publication {
                edition: EditionId(Uuid::from_u128(u128::from(number.unsigned_abs()))),
                number,
                announced: midnight() - TimeDelta::days(10),
                from,
            };
            launched.publications = vec![publication(1, midnight() - TimeDelta::days(5)), publication(2, from)];
        }
        let answered = Answered {
            responses: BTreeMap::new(),
            editions: vec![BTreeSet::new(), BTreeSet::from([at.clone()])],
        };
        let world = vec![(query.clone(), answered)];
        let filter = QueryFilter {
            respondent: Some(at.clone()),
            ..QueryFilter::default()
        };
        let found = store.write(move |conn| {
            fill(conn, &world)?;
            let mut found = Vec::new();
            for now in [from - TimeDelta::microseconds(1), from] {
                let (items, _) = queries::public_page(conn, &filter, QuerySort::Number, false, None, 100, now)?;
                found.push(items.len());
            }
            Err::<(), _>(StoreError::Other(format!("{found:?}")))
        });
        let found = found.await.unwrap_err().to_string();
        assert!(found.contains("[0, 1]"), "{micros}: {found}");
    }
}

/// The order of two items; those without a value come last in both directions.
fn order(one: &QueryItem, other: &QueryItem, sort: QuerySort, descending: bool) -> Ordering {
    fn by<T: Ord>(one: Option<T>, other: Option<T>, descending: bool) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
    let number = |item: &QueryItem| item.number.as_ref().and_then(|text| text.parse::<QueryNumber>().ok());
    let title = |item: &QueryItem| Some(item.title.to_lowercase());
    match sort {
        QuerySort::Requested => by(one.requested_on, other.requested_on, descending),
        QuerySort::Deadline => by(one.deadline, other.deadline, descending),
        QuerySort::Number => by(number(one), number(other), descending),
        QuerySort::Title => by(title(one), title(other), descending),
        QuerySort::Changed => by(Some(one.changed), Some(other.changed), descending),
    }
    .then(by(Some(one.id), Some(other.id), descending))
}

async fn pages_hold_every_row_once_and_in_order(store: &Store) {
    let case = (some_queries(), 1i64..5, moment());
    for_all(store, 48, case, |conn, (queries, limit, now)| {
        for query in queries {
            queries::insert(conn, query)?;
        }
        let everything = list(conn, &Caller::System, &QueryFilter::default(), *now)?;
        for (sort, descending) in SORTS.into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
            let mut walked = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let scope = scope(&Caller::System);
                let none = QueryFilter::default();
                let (items, next) = queries::page(
                    conn,
                    &scope,
                    None,
                    &none,
                    sort,
                    descending,
                    after.as_ref(),
                    *limit,
                    *now,
                )?;
                same(items.is_empty() && !walked.is_empty(), false, "an empty page")?;
                walked.extend(items);
                match next {
                    Some(cursor) if cursor.fits(sort) && walked.len() <= queries.len() => after = Some(cursor),
                    Some(cursor) => {
                        return Err(StoreError::Other(format!("{sort:?}: one cursor too many: {cursor:?}")));
                    }
                    None => break,
                }
            }
            let mut expected = everything.clone();
            expected.sort_by(|one, other| order(one, other, sort, descending));
            same(walked, expected, &format!("{sort:?} {descending}"))?;
        }
        Ok(())
    })
    .await;
}

async fn a_page_is_one_statement(store: &Store) {
    let before = store.statements();
    let filter = QueryFilter {
        status: vec![Status::Open],
        year: Some(2026),
        ..QueryFilter::default()
    };
    let of_office = |kind| {
        let party = ahq_domain::permission::Party {
            office: "AT".parse().unwrap(),
            kind,
            standing: ahq_domain::office::Standing::Member,
            since: NaiveDate::MIN,
            takes_part: true,
        };
        ahq_domain::permission::QueryScope::Office(party)
    };
    let scope = of_office(ahq_domain::office::OfficeKind::NationalContactPoint);
    store
        .read(move |conn| {
            queries::page(
                conn,
                &scope,
                None,
                &filter,
                QuerySort::Deadline,
                false,
                None,
                10,
                midnight(),
            )
        })
        .await
        .unwrap();
    assert_eq!(store.statements() - before, 1);
}

#[test]
fn a_made_up_cursor_does_not_fit() {
    let cursor = |key: &str| Cursor {
        key: Some(key.to_owned()),
        id: ahq_domain::id::QueryId(Uuid::nil()),
    };
    let without = Cursor {
        key: None,
        id: ahq_domain::id::QueryId(Uuid::nil()),
    };
    assert!(cursor("2026-07-01").fits(QuerySort::Deadline) && without.fits(QuerySort::Deadline));
    assert!(cursor(TITLES[0]).fits(QuerySort::Title) && !without.fits(QuerySort::Title));
    for (key, sort) in [
        ("2026", QuerySort::Requested),
        ("2026-1", QuerySort::Number),
        ("a\0b", QuerySort::Title),
        ("+12026-07-01T00:00:00Z", QuerySort::Changed),
    ] {
        assert!(!cursor(key).fits(sort), "{key}");
    }
}
