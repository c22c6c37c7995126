//! Users: people with an account in one office, and the roles they hold there.
//!
//! This module knows no secrets: passwords and tokens are the business of the session.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::approval::active_coordinators;
use crate::id::UserId;
use crate::office::OfficeCode;
use crate::question::check_line;
use crate::refusal::Faults;

/// What a user may do inside an office; each role contains the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Reader,
    /// Drafts everything, releases nothing.
    Expert,
    /// Releases: launches, submits, publishes, manages the office's users.
    Coordinator,
}

/// A role granted for a time; both days are inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day; none for no end.
    pub until: Option<NaiveDate>,
}

/// The highest role held on `date`.
pub fn role_on(grants: &[Grant], date: NaiveDate) -> Option<Role> {
    grants
        .iter()
        .filter(|grant| grant.from <= date && grant.until.is_none_or(|until| date <= until))
        .map(|grant| grant.role)
        .max()
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Invited; has not accepted yet.
    Invited,
    /// Can sign in.
    Active,
    /// Cannot sign in any more.
    Disabled,
}

/// A person with an account in one office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Raised by each change.
    pub version: i64,
    /// Their office.
    pub office: OfficeCode,
    /// Their name.
    pub name: String,
    /// Their mail address, unique among accounts without regard to case.
    pub email: String,
    /// Their roles.
    pub grants: Vec<Grant>,
    /// Where the account stands.
    pub status: UserStatus,
}

/// Whether these are the roles of an office's first coordinator, which is all that the service provider may grant there.
/// Whoever is `handled` counts once they have accepted: an invitation that was lost is renewed.
pub fn would_be_the_first(colleagues: &[User], roles: &[Role], handled: Option<&User>, today: NaiveDate) -> bool {
    let invited = handled
        .filter(|user| user.status == UserStatus::Invited)
        .map(|user| user.id);
    let has_one = colleagues.iter().any(|user| {
        user.status != UserStatus::Disabled
            && Some(user.id) != invited
            && role_on(&user.grants, today) == Some(Role::Coordinator)
    });
    !has_one && !roles.is_empty() && roles.iter().all(|role| *role == Role::Coordinator)
}

/// Whether an office that becomes `after` has an active coordinator on every day from `today` on, but for days on which it
/// had none `before` either.
pub fn keeps_a_coordinator(before: &[User], after: &[User], today: NaiveDate) -> bool {
    let has_one = |users: &[User], day| active_coordinators(users, day).next().is_some();
    // Between the days on which a grant begins or is over, nothing changes.
    let grants = before.iter().chain(after).flat_map(|user| &user.grants);
    grants
        .flat_map(|grant| [Some(grant.from), grant.until.and_then(|until| until.succ_opt())])
        .flatten()
        .chain([today])
        .filter(|day| *day >= today)
        .all(|day| has_one(after, day) || !has_one(before, day))
}

/// Checks the name and mail address of a user to be invited, and cuts them clean.
///
/// # Errors
/// `missing_field`, `too_long`, `bad_character`, `bad_address` at `/name` and `/email`.
pub fn check_person(name: &str, email: &str) -> Result<(String, String), Faults> {
    let mut faults = Faults::new();
    let (name, email) = (name.trim(), email.trim());
    if name.is_empty() {
        faults.add("/name", "missing_field", "a user has a name");
    }
    check_line(name, 200, "/name", &mut faults);
    if !is_mail_address(email) {
        faults.add(
            "/email",
            "bad_address",
            "a mail address such as anna.muster@example.org",
        );
    }
    faults.or((name.to_owned(), email.to_owned()))
}

/// Checks the reference of a written order, and cuts it clean. It is nobody's address: the audit keeps it for good.
///
/// # Errors
/// `missing_field`, `too_long`, `bad_character` at `/order`.
pub fn check_order(order: &str) -> Result<String, Faults> {
    let mut faults = Faults::new();
    let order = order.trim();
    if order.is_empty() {
        faults.add(
            "/order",
            "missing_field",
            "the reference of the written order, such as SP/2026/17",
        );
    }
    check_line(order, 200, "/order", &mut faults);
    if order.contains('@') {
        let detail = "no address: the audit keeps the reference for good";
        faults.add("/order", "bad_character", detail);
    }
    faults.or(order.to_owned())
}

/// Whether a text looks like a mail address that can be delivered to: one `@`, a domain with a dot, plain characters.
pub(crate) fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_role_of_the_day_counts() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let grants = [
            Grant {
                role: Role::Reader,
                from: date("2026-01-01"),
                until: None,
            },
            Grant {
                role: Role::Coordinator,
                from: date("2026-03-01"),
                until: Some(date("2026-03-31")),
            },
        ];
        assert_eq!(role_on(&grants, date("2025-12-31")), None);
        assert_eq!(role_on(&grants, date("2026-02-28")), Some(Role::Reader));
        assert_eq!(role_on(&grants, date("2026-03-31")), Some(Role::Coordinator));
        assert_eq!(role_on(&grants, date("2026-04-01")), Some(Role::Reader));
    }

    #[test]
    fn the_first_coordinator_of_an_office_is_nobody_s_second() {
        let today: NaiveDate = "2026-11-30".parse().unwrap();
        let user = |role, status| User {
            id: UserId(Default::default()),
            version: 1,
            office: "LU".parse().unwrap(),
            name: String::new(),
            email: String::new(),
            grants: vec![Grant {
                role,
                from: today,
                until: None,
            }],
            status,
        };
        let first = [Role::Coordinator];
        for (there, roles, free) in [
            (None, &first[..], true),
            (None, &[], false),
            (None, &[Role::Coordinator, Role::Expert], false),
            (Some((Role::Expert, UserStatus::Active)), &first, true),
            (Some((Role::Coordinator, UserStatus::Disabled)), &first, true),
            (Some((Role::Coordinator, UserStatus::Invited)), &first, false),
            (Some((Role::Coordinator, UserStatus::Active)), &first, false),
        ] {
            let colleagues: Vec<User> = there.into_iter().map(|(role, status)| user(role, status)).collect();
            assert_eq!(
                would_be_the_first(&colleagues, roles, None, today),
                free,
                "{there:?} {roles:?}"
            );
        }
        for (status, free) in [(UserStatus::Invited, true), (UserStatus::Active, false)] {
            let handled = user(Role::Coordinator, status);
            let colleagues = std::slice::from_ref(&handled);
            assert_eq!(
                would_be_the_first(colleagues, &first, Some(&handled), today),
                free,
                "{status:?}"
            );
        }
    }

    #[test]
    fn an_office_has_a_coordinator_on_every_day_on_which_it_had_one() {
        let today: NaiveDate = "2026-11-30".parse().unwrap();
        let user = |role, from: &str, until: &str, status| User {
            id: UserId(Default::default()),
            version: 1,
            office: "LU".parse().unwrap(),
            name: String::new(),
            email: String::new(),
            grants: vec![Grant {
                role,
                from: from.parse().unwrap(),
                until: until.parse().ok(),
            }],
            status,
        };
        let active = |from, until| user(Role::Coordinator, from, until, UserStatus::Active);
        let always = || active("2026-01-01", "");
        let this_year = || active("2026-01-01", "2026-12-31");
        let next_year = || active("2027-01-01", "");
        let later = || active("2027-01-02", "");
        let invited = user(Role::Coordinator, "2026-01-01", "", UserStatus::Invited);
        let disabled = user(Role::Coordinator, "2026-01-01", "", UserStatus::Disabled);
        let expert = user(Role::Expert, "2026-01-01", "", UserStatus::Active);
        for (before, after, keeps) in [
            (vec![], vec![], true),
            (vec![], vec![expert.clone()], true),
            (vec![always()], vec![always()], true),
            (vec![always()], vec![], false),
            (vec![always()], vec![expert], false),
            (vec![always()], vec![disabled], false),
            (vec![always()], vec![invited], false),
            (vec![always()], vec![active("2026-01-01", "2026-11-30")], false),
            (vec![always()], vec![this_year()], false),
            (vec![always()], vec![this_year(), next_year()], true),
            (vec![always(), next_year()], vec![this_year(), next_year()], true),
            (vec![always(), later()], vec![this_year(), later()], false),
            // What was not there before is nothing to keep.
            (vec![this_year()], vec![this_year()], true),
            (vec![this_year(), later()], vec![this_year(), later()], true),
            (vec![active("2026-01-01", "2026-11-29")], vec![], true),
        ] {
            assert_eq!(
                keeps_a_coordinator(&before, &after, today),
                keeps,
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn the_reference_of_an_order_is_a_line_and_nobody_s_address() {
        assert_eq!(
            check_order(" SP/2026/17 of 26 November "),
            Ok("SP/2026/17 of 26 November".to_owned())
        );
        let long = "a".repeat(201);
        for (order, code) in [
            (" ", "missing_field"),
            (long.as_str(), "too_long"),
            ("SP\n17", "bad_character"),
            ("anna@example.org", "bad_character"),
        ] {
            let faults = check_order(order).expect_err(order);
            let found: Vec<_> = faults
                .iter()
                .map(|fault| (fault.pointer.as_str(), fault.code))
                .collect();
            assert_eq!(found, [("/order", code)]);
        }
    }

    #[test]
    fn addresses_are_checked_as_people_mistype_them() {
        for good in ["anna@example.org", "a.b+c@sub.example.org", "o'neil@example.ie"] {
            assert!(check_person("Anna", good).is_ok(), "{good}");
        }
        for bad in [
            "anna",
            "anna@",
            "@example.org",
            "anna@example",
            "anna@@example.org",
            "a b@example.org",
            "anna@example..org",
            "anna.@example.org",
            "anna@-example.org",
            "anna@example.org\nBcc: x@y.z",
        ] {
            assert!(check_person("Anna", bad).is_err(), "{bad}");
        }
    }
}
