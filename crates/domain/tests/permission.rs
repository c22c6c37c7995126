//! Who sees what when, as tables to be read beside the rules of the exchange.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop a test that cannot go on"
)]

#[path = "permission/actions.rs"]
mod actions;
#[path = "support/query.rs"]
mod query;

use std::collections::{BTreeMap, BTreeSet};

use ahq_domain::clock::Instant;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::{EditionId, SessionId, UserId};
use ahq_domain::office::{OfficeKind, Standing};
use ahq_domain::permission::{Action, Caller, Party, QueryScope, Subject, is_shared, may, reach, scope};
use ahq_domain::query::{Audience, Joint, Query};
use ahq_domain::refusal::Refusal;
use ahq_domain::token::Scope;
use ahq_domain::user::Role;

use query::{at, draft, imported, launched, office};

/// The moment the tables are read at: after the deadline, with an office that joined since the launch.
const NOW: &str = "2026-12-20T09:00:00Z";

fn now() -> Instant {
    at(NOW)
}

fn party(code: &str, standing: Standing, since: &str, takes_part: bool) -> Party {
    Party {
        office: office(code),
        kind: match standing {
            Standing::Commission => OfficeKind::Commission,
            Standing::ServiceProvider => OfficeKind::ServiceProvider,
            _ => OfficeKind::NationalContactPoint,
        },
        standing,
        since: since.parse().unwrap(),
        takes_part,
    }
}

/// The office of a column: Luxembourg asks, with the Netherlands, which accepted, and Ireland, which did not; Austria
/// and the United Kingdom are addressed, and the latter has left since; France is not addressed; Serbia observed
/// before the launch, Georgia joined on the day after.
fn party_of(column: &str) -> Party {
    let long_ago = "2010-01-01";
    match column {
        "lead" => party("LU", Standing::Member, long_ago, true),
        "joint" => party("NL", Standing::Member, long_ago, true),
        "invited" => party("IE", Standing::Member, long_ago, true),
        "asked" => party("AT", Standing::Member, long_ago, true),
        "member" => party("FR", Standing::Member, long_ago, true),
        "observer" => party("RS", Standing::Observer, "2018-01-01", true),
        "newcomer" => party("GE", Standing::Observer, "2026-11-06", true),
        "guest" => party("CH", Standing::Guest, long_ago, true),
        "departed" => party("UK", Standing::Member, long_ago, false),
        "COM" => party("COM", Standing::Commission, long_ago, true),
        "SP" => party("SP", Standing::ServiceProvider, long_ago, true),
        other => panic!("no column {other}"),
    }
}

fn user(party: Party, role: Option<Role>) -> Caller {
    Caller::User {
        user: UserId(uuid::Uuid::from_u128(7)),
        session: SessionId(uuid::Uuid::from_u128(8)),
        party,
        role,
        owes_second_factor: false,
    }
}

fn caller(column: &str) -> Caller {
    match column {
        "public" => Caller::Public,
        column => user(party_of(column), Some(Role::Coordinator)),
    }
}

fn token(party: Party, scopes: &[Scope]) -> Caller {
    Caller::Token {
        token: None,
        user: None,
        party,
        scopes: scopes.iter().copied().collect(),
        owes_second_factor: false,
    }
}

fn joint_draft() -> Query {
    let mut query = draft();
    let joint = |code, accepted| Joint {
        office: office(code),
        invited: at("2026-11-01T10:00:00Z"),
        accepted,
    };
    query.joint = vec![joint("NL", Some(at("2026-11-02T09:00:00Z"))), joint("IE", None)];
    query
}

fn open(audience: Audience) -> Query {
    launched(joint_draft(), audience, &[("AT", None), ("UK", None)])
}

fn compiled(audience: Audience) -> Query {
    let mut query = open(audience);
    query.compile(false, at("2026-12-07T09:00:00Z")).unwrap();
    query
}

fn announced(audience: Audience, from: &str) -> Query {
    let mut query = compiled(audience);
    let edition = EditionId(uuid::Uuid::from_u128(9));
    query.publish(edition, 1, at(from), at("2026-12-08T09:00:00Z")).unwrap();
    query
}

fn withdrawn(mut query: Query) -> Query {
    query
        .withdraw("Asked by mistake.".into(), at("2026-12-09T09:00:00Z"))
        .unwrap();
    query
}

/// The query of a row; its last word is the audience.
fn situation(row: &str) -> Query {
    use Audience::{Addressed, Members, MembersAndObservers};
    let audience = match row.rsplit('/').next() {
        Some("addressed") => Addressed,
        Some("observers") => MembersAndObservers,
        _ => Members,
    };
    match row.split('/').next().unwrap() {
        "draft" => joint_draft(),
        "launched" => open(audience),
        "compiled" => compiled(audience),
        "announced" => announced(audience, "2026-12-21T00:00:00Z"),
        "published" => announced(audience, NOW),
        "withdrawn" => withdrawn(open(audience)),
        "withdrawn_compiled" => withdrawn(compiled(audience)),
        "withdrawn_announced" => withdrawn(announced(audience, "2026-12-21T00:00:00Z")),
        "imported" => imported(),
        other => panic!("no row {other}"),
    }
}

/// The cells of a table by row and column: the first line names the columns, each other one begins with its row.
fn cells(table: &str) -> BTreeMap<(String, String), String> {
    let mut lines = table
        .trim()
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let mut cells = BTreeMap::new();
    for line in lines {
        assert_eq!(line.len(), columns.len(), "{line:?}");
        for (column, cell) in columns.iter().zip(&line).skip(1) {
            cells.insert((line[0].clone(), column.clone()), cell.clone());
        }
    }
    cells
}

/// How an answer of `may` stands in a table.
fn cell(decision: &Result<(), Refusal>) -> &'static str {
    match decision {
        Ok(()) => "yes",
        Err(Refusal::Hidden) => "-",
        Err(Refusal::Unauthenticated) => "?",
        Err(Refusal::Forbidden { code, .. }) => code,
        Err(other) => panic!("not a matter of rights: {other:?}"),
    }
}

// R: reads the requester circle, N: the network circle, P: only what is public, -: does not know that it exists.
const QUERIES: &str = "
situation                lead joint invited asked member observer newcomer guest departed COM SP public
draft                    R    R     N       -     -      -        -        -     -        -   -  -
launched/addressed       R    R     -       N     -      -        -        -     -        R   N  -
launched/members         R    R     N       N     N      -        -        -     -        R   N  -
launched/observers       R    R     N       N     N      N        -        -     -        R   N  -
compiled/addressed       R    R     -       N     -      -        -        -     -        R   N  -
compiled/members         R    R     N       N     N      -        -        -     -        R   N  -
compiled/observers       R    R     N       N     N      N        -        -     -        R   N  -
announced/addressed      R    R     -       N     -      -        -        -     -        R   N  -
published/addressed      R    R     P       N     P      P        P        P     P        R   N  P
published/members        R    R     N       N     N      P        P        P     P        R   N  P
published/observers      R    R     N       N     N      N        P        P     P        R   N  P
withdrawn/members        R    R     N       N     N      -        -        -     -        R   N  -
withdrawn/observers      R    R     N       N     N      N        -        -     -        R   N  -
withdrawn_compiled/addressed  R R   -       N     -      -        -        -     -        R   N  -
withdrawn_announced/addressed R R   -       N     -      -        -        -     -        R   N  -
imported                 R    N     N       N     N      N        P        N     P        R   N  P
";

#[test]
fn a_query_is_read_by_its_requesters_its_audience_and_the_two_central_offices() {
    for ((row, column), expected) in cells(QUERIES) {
        let (query, caller) = (situation(&row), caller(&column));
        let found = match reach(&caller, &query, now()) {
            Some(Circle::Requester) => "R",
            Some(Circle::Network) => "N",
            Some(Circle::Public) => "P",
            None => "-",
        };
        assert_eq!(found, expected, "{row} as {column}");
        let may = cell(&may(&caller, Action::ReadQuery, Subject::Query(&query), now()));
        let expected = match (expected.as_str(), column.as_str()) {
            (_, "public") => "?",
            ("R" | "N", _) => "yes",
            ("P", _) => "public_only",
            _ => "-",
        };
        assert_eq!(may, expected, "{row} as {column}");
        if scope(&caller) == QueryScope::Nothing {
            assert_ne!(may, "yes", "{row} as {column}");
        }
    }
}

#[test]
fn whoever_is_addressed_reads_whatever_the_audience_is() {
    for column in ["observer", "newcomer", "guest"] {
        let party = party_of(column);
        let query = launched(draft(), Audience::Addressed, &[(party.office.as_str(), None)]);
        assert_eq!(
            reach(&user(party, None), &query, now()),
            Some(Circle::Network),
            "{column}"
        );
    }
}

#[test]
fn an_observer_reads_from_the_day_it_joined() {
    let query = open(Audience::MembersAndObservers);
    for (since, found) in [
        ("2026-11-04", Some(Circle::Network)),
        ("2026-11-05", Some(Circle::Network)),
        ("2026-11-06", None),
    ] {
        let observer = party("RS", Standing::Observer, since, true);
        assert_eq!(reach(&user(observer, None), &query, now()), found, "{since}");
    }
}

// The answers of Austria ("asked"), which France ("member") was not asked for: yes, hidden (-), only what is public.
const ANSWERS: &str = "
situation                   lead joint invited          asked member           observer    newcomer    guest       departed    COM SP               public
launched/members            yes  yes   not_yet_compiled yes   not_yet_compiled -           -           -           -           yes not_yet_compiled ?
launched/addressed          yes  yes   -                yes   -                -           -           -           -           yes not_yet_compiled ?
compiled/members            yes  yes   yes              yes   yes              -           -           -           -           yes yes              ?
compiled/addressed          yes  yes   -                yes   -                -           -           -           -           yes yes              ?
published/members           yes  yes   yes              yes   yes              public_only public_only public_only public_only yes yes              ?
withdrawn/members           yes  yes   not_yet_compiled yes   not_yet_compiled -           -           -           -           yes not_yet_compiled ?
withdrawn_compiled/members  yes  yes   yes              yes   yes              -           -           -           -           yes yes              ?
";

#[test]
fn submitted_answers_reach_the_audience_with_the_first_edition() {
    for ((row, column), expected) in cells(ANSWERS) {
        let query = situation(&row);
        let subject = Subject::Response(&query, &office("AT"));
        let found = may(&caller(&column), Action::ReadAnswers, subject, now());
        assert_eq!(cell(&found), expected, "{row} as {column}");
    }
}

#[test]
fn the_model_of_the_lead_is_read_from_its_submission() {
    let query = open(Audience::Members);
    let lead = office("LU");
    for column in ["lead", "joint", "invited", "asked", "member", "COM", "SP"] {
        let found = may(
            &caller(column),
            Action::ReadAnswers,
            Subject::Response(&query, &lead),
            now(),
        );
        assert_eq!(found, Ok(()), "{column}");
    }
    assert!(is_shared(&query, &lead) && !is_shared(&query, &office("AT")));
    let hidden = may(
        &caller("observer"),
        Action::ReadAnswers,
        Subject::Response(&query, &lead),
        now(),
    );
    assert_eq!(hidden, Err(Refusal::Hidden));
}

// The draft of Austria's response: nobody else's, not the requesters', not the Commission's, not the provider's.
const DRAFT_RESPONSE: &str = "
action            lead         joint        invited      asked member       observer COM          SP           public
ReadDraftResponse other_office other_office other_office yes   other_office -        other_office other_office ?
DraftResponse     other_office other_office other_office yes   other_office -        other_office other_office ?
ReleaseResponse   other_office other_office other_office yes   other_office -        other_office other_office ?
ChangeCircle      other_office other_office other_office yes   other_office -        other_office other_office ?
";

#[test]
fn a_draft_response_is_for_its_office_alone() {
    for query in [open(Audience::Members), compiled(Audience::Members)] {
        for ((row, column), expected) in cells(DRAFT_RESPONSE) {
            let subject = Subject::Response(&query, &office("AT"));
            let found = may(&caller(&column), action(&row), subject, now());
            assert_eq!(cell(&found), expected, "{row} as {column}");
        }
    }
}

fn action(name: &str) -> Action {
    [
        Action::ReadQuery,
        Action::EditQuery,
        Action::DeleteQuery,
        Action::InviteJoint,
        Action::AcceptJoint,
        Action::LaunchQuery,
        Action::CloseQuery,
        Action::ExtendQuery,
        Action::WithdrawQuery,
        Action::AnswerExtension,
        Action::CorrectQuery,
        Action::ReplyToClarification,
        Action::Remind,
        Action::ReadDeliveries,
        Action::ReadDraftResponse,
        Action::DraftResponse,
        Action::ReleaseResponse,
        Action::ReadAnswers,
        Action::ReadLive,
        Action::ChangeCircle,
        Action::Compile,
        Action::ReadEdition,
        Action::ReadSummary,
        Action::EditSummary,
        Action::SignSummary,
        Action::Publish,
        Action::Unpublish,
        Action::PlaceHold,
    ]
    .into_iter()
    .find(|action| format!("{action:?}") == name)
    .unwrap()
}

#[test]
fn only_a_signed_in_caller_is_a_user() {
    assert_eq!(
        caller("lead").user(),
        Some(UserId(uuid::Uuid::from_u128(7))),
        "by whom the trail and stored replies are kept"
    );
    for nobody in [Caller::Public, Caller::System, token(party_of("lead"), &[Scope::Draft])] {
        assert_eq!(nobody.user(), None, "{nobody:?}");
    }
}
