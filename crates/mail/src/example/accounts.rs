//! What users are told of their own account.

use super::{at, day};
use crate::messages::{
    AccountChange, AccountNotice, AccountsDisabled, AddressConfirmation, FirstCoordinator, Message, PasswordReset,
    UserListDue, UserReset,
};

fn notice(change: AccountChange) -> Message {
    Message::AccountNotice(AccountNotice {
        name: "Zoë Ćwiklińska".into(),
        change,
        at: at(day(2026, 11, 27), 9, 14),
        link: "https://ahq.example.org/me".into(),
    })
}

pub(super) fn all() -> Vec<(&'static str, Message)> {
    let reset = PasswordReset {
        name: "Zoë Ćwiklińska".into(),
        link: "https://ahq.example.org/password-resets/q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ".into(),
        expires: at(day(2026, 11, 27), 10, 14),
    };
    let address = AddressConfirmation {
        name: "Zoë Ćwiklińska".into(),
        link: "https://ahq.example.org/address-changes/q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ".into(),
        expires: at(day(2026, 11, 28), 9, 14),
    };
    let by_order = AccountChange::Reset {
        order: "SP/2026/17 of 26 November 2026".into(),
        second_factor: true,
        unlinked: true,
    };
    let without = AccountChange::Reset {
        order: "SP/2026/18".into(),
        second_factor: false,
        unlinked: false,
    };
    let token = AccountChange::TokenMade {
        name: "Spreadsheet of the unit".into(),
        last_day: day(2027, 11, 26),
    };
    let told = UserReset {
        name: "Zoë Ćwiklińska".into(),
        order: "SP/2026/17 of 26 November 2026".into(),
        second_factor: true,
        unlinked: true,
        at: at(day(2026, 11, 27), 9, 14),
        link: "https://ahq.example.org/offices/PL/users".into(),
    };
    let first = FirstCoordinator {
        office: "EMN NCP Poland".into(),
        name: "Zoë Ćwiklińska".into(),
        at: at(day(2026, 11, 27), 9, 14),
        own: true,
        link: "https://ahq.example.org/offices/PL/users".into(),
    };
    let elsewhere = FirstCoordinator {
        own: false,
        link: "https://ahq.example.org/offices/PL".into(),
        ..first.clone()
    };
    let unused = AccountChange::Unused {
        until: day(2026, 12, 11),
    };
    let disabled = AccountsDisabled {
        names: vec!["Zoë Ćwiklińska".into(), "Jan Kowalski".into()],
        months: 6,
        link: "https://ahq.example.org/offices/PL/users".into(),
    };
    let due = UserListDue {
        confirmed_on: Some(day(2025, 11, 27)),
        due_on: day(2026, 11, 27),
        link: "https://ahq.example.org/offices/PL/user-list".into(),
    };
    let never = UserListDue {
        confirmed_on: None,
        ..due.clone()
    };
    vec![
        ("password_reset", Message::PasswordReset(reset)),
        ("address_confirmation", Message::AddressConfirmation(address)),
        ("account_notice_password", notice(AccountChange::Password)),
        ("account_notice_address", notice(AccountChange::Address)),
        ("account_notice_second_factor", notice(AccountChange::SecondFactorAdded)),
        ("account_notice_without", notice(AccountChange::SecondFactorRemoved)),
        ("account_notice_recovery", notice(AccountChange::RecoveryCodeUsed)),
        (
            "account_notice_identity_linked",
            notice(AccountChange::IdentityLinked("EU Login".into())),
        ),
        (
            "account_notice_identity_removed",
            notice(AccountChange::IdentityRemoved("EU Login".into())),
        ),
        ("account_notice_reset", notice(by_order)),
        ("account_notice_reset_alone", notice(without)),
        ("account_notice_token", notice(token)),
        ("user_reset", Message::UserReset(told)),
        ("first_coordinator", Message::FirstCoordinator(first)),
        ("first_coordinator_elsewhere", Message::FirstCoordinator(elsewhere)),
        ("account_notice_unused", notice(unused)),
        ("accounts_disabled", Message::AccountsDisabled(disabled)),
        ("user_list_due", Message::UserListDue(due)),
        ("user_list_due_never", Message::UserListDue(never)),
    ]
}
