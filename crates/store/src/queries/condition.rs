//! The domain's rules as conditions on rows of queries: who reads which, and where each stands.
//!
//! Nothing is decided here: tests hold [`readable`] equal to `may(ReadQuery)` and [`status`] to `Query::status`.

use crate::column::Time;
use crate::connection::MultiBackend;
use crate::connection::phrase::{json_list_contains_member, json_list_contains_member_with};
use crate::schema::{addressees, queries};
use ahq_domain::clock::Instant;
use ahq_domain::office::{OfficeCode, OfficeKind, Standing};
use ahq_domain::permission::{Party, QueryScope};
use ahq_domain::query::Status;
use diesel::dsl::{case_when, exists};
use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

/// A condition on rows of queries; a row for which it is NULL does not fulfil it.
pub(super) type Condition = Box<dyn BoxableExpression<queries::table, MultiBackend, SqlType = Nullable<Bool>>>;

/// What a scope lets its caller read; no condition where that is everything.
pub(super) fn readable(scope: &QueryScope) -> Option<Condition> {
    match scope {
        QueryScope::All => None,
        QueryScope::Nothing => Some(Box::new(queries::id.ne(queries::id).nullable())),
        QueryScope::Office(party) => Some(readable_by(party)),
    }
}

fn readable_by(party: &Party) -> Condition {
    let office = &party.office;
    let invited = is_draft().and(json_list_contains_member(queries::joint, "office", office.as_str()));
    let asks = is_requester(office).or(invited);
    let imported = queries::imported.is_not_null();
    let since_joined = queries::requested_on.ge(party.since);
    if party.kind != OfficeKind::NationalContactPoint {
        let launched = queries::launched_at.is_not_null();
        return Box::new(launched.nullable().or(imported).or(asks));
    }
    // The widest condition stands first: most rows then need no look at their addressees.
    let wide = queries::audience.eq("members_and_observers");
    let rest = asks.or(is_addressed(office));
    match party.standing {
        Standing::Member => Box::new(wide.or(queries::audience.eq("members")).or(imported).or(rest)),
        Standing::Observer => Box::new(wide.or(imported).and(since_joined).or(rest)),
        Standing::Guest | Standing::Commission | Standing::ServiceProvider => {
            Box::new(imported.and(since_joined).or(rest))
        }
    }
}

fn is_draft() -> Condition {
    Box::new(
        queries::launched_at
            .is_null()
            .and(queries::imported.is_null())
            .nullable(),
    )
}

/// Whether the office is an addressee.
pub(super) fn is_addressed(office: &OfficeCode) -> Condition {
    let row = addressees::table
        .filter(addressees::query_id.eq(queries::id))
        .filter(addressees::office.eq(office.to_string()));
    Box::new(exists(row).nullable())
}

/// Whether the office is a requester: the lead, or joint and accepted.
pub(super) fn is_requester(office: &OfficeCode) -> Condition {
    let accepted = json_list_contains_member_with(queries::joint, "office", office.as_str(), "accepted");
    Box::new(queries::lead.eq(office.to_string()).or(accepted).nullable())
}

/// Where a query stands at `now`, in the words of [`Status::word`]: the first that holds.
pub(super) fn status(now: Instant) -> Box<dyn BoxableExpression<queries::table, MultiBackend, SqlType = Text>> {
    let now = Time::from(now);
    let published = queries::imported.is_not_null().or(queries::published_from.le(now));
    let closed = queries::closed_early.is_not_null().or(queries::ends_at.le(now));
    Box::new(
        case_when::<_, _, Text>(is_draft(), Status::Draft.word())
            .when(queries::withdrawn.is_not_null(), Status::Withdrawn.word())
            .when(published, Status::Published.word())
            .when(queries::edition_number.is_not_null(), Status::Compiled.word())
            .when(closed, Status::Closed.word())
            .otherwise(Status::Open.word()),
    )
}
