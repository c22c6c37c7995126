//! Who may do what, by office, role and kind of caller.

use super::*;

// Roles of the lead, and coordinators (and one reader) of others; y: yes, n: no. "none" holds no role today.
const ACTIONS: &str = "
action        lead lead_expert lead_reader lead_none joint joint_expert asked COM COM_reader SP SP_reader departed public
ReadQuery     y    y           y           n         y     y            y     y   y          y  y         n        n
ReadAnswers   y    y           y           n         y     y            y     y   y          y  y         n        n
ReadEdition   y    y           y           n         y     y            y     y   y          y  y         n        n
ReadLive      y    y           y           n         y     y            n     y   y          n  n         n        n
EditQuery     y    y           n           n         y     y            n     n   n          n  n         n        n
ReadSummary   y    y           y           n         y     y            n     n   n          n  n         n        n
EditSummary   y    y           n           n         y     y            n     n   n          n  n         n        n
DeleteQuery   y    y           n           n         n     n            n     n   n          n  n         n        n
AcceptJoint   n    n           n           n         y     n            n     n   n          n  n         n        n
InviteJoint   y    n           n           n         n     n            n     n   n          n  n         n        n
LaunchQuery   y    n           n           n         n     n            n     n   n          n  n         n        n
CloseQuery    y    n           n           n         n     n            n     n   n          n  n         n        n
ExtendQuery   y    n           n           n         n     n            n     n   n          n  n         n        n
WithdrawQuery y    n           n           n         n     n            n     n   n          n  n         n        n
CorrectQuery  y    n           n           n         n     n            n     n   n          n  n         n        n
ReplyToClarification y n       n           n         y     n            n     n   n          n  n         n        n
AnswerExtension y  n           n           n         n     n            n     n   n          n  n         n        n
Remind        y    n           n           n         n     n            n     n   n          n  n         n        n
ReadDeliveries y   y           y           n         y     y            n     y   y          y  y         n        n
SignSummary   y    n           n           n         n     n            n     n   n          n  n         n        n
Publish       y    n           n           n         n     n            n     n   n          n  n         n        n
Unpublish     y    n           n           n         n     n            n     n   n          n  n         n        n
Compile       y    n           n           n         n     n            n     n   n          y  n         n        n
";

#[test]
fn the_lead_releases_and_the_requesters_write() {
    let query = open(Audience::Members);
    for ((row, column), expected) in cells(ACTIONS) {
        let (name, role) = column.split_once('_').unwrap_or((&column, "coordinator"));
        let role = match role {
            "coordinator" => Some(Role::Coordinator),
            "expert" => Some(Role::Expert),
            "reader" => Some(Role::Reader),
            _ => None,
        };
        let caller = match name {
            "public" => Caller::Public,
            name => user(party_of(name), role),
        };
        let found = may(&caller, action(&row), Subject::Query(&query), now());
        assert_eq!(found.is_ok(), expected == "y", "{row} as {column}: {found:?}");
        assert_eq!(
            may(&Caller::System, action(&row), Subject::Query(&query), now()),
            Ok(())
        );
    }
}

#[test]
fn an_invited_office_reads_the_draft_and_accepts_but_does_not_write() {
    let query = joint_draft();
    let invited = caller("invited");
    let decide = |action| cell(&may(&invited, action, Subject::Query(&query), now()));
    assert_eq!(decide(Action::ReadQuery), "yes");
    assert_eq!(decide(Action::AcceptJoint), "yes");
    assert_eq!(decide(Action::EditQuery), "not_the_requester");
    assert_eq!(decide(Action::ReadLive), "not_the_requester");
}

#[test]
fn roles_and_tokens_of_an_answering_office() {
    let query = open(Audience::Members);
    let asked = || party_of("asked");
    let read = token(asked(), &[Scope::Read]);
    let writes = token(asked(), &[Scope::Draft]);
    let submits = token(asked(), &[Scope::Submit]);
    for (who, caller, allowed) in [
        (
            "coordinator",
            user(asked(), Some(Role::Coordinator)),
            [true, true, true, true],
        ),
        ("expert", user(asked(), Some(Role::Expert)), [true, true, false, false]),
        ("reader", user(asked(), Some(Role::Reader)), [true, false, false, false]),
        ("nobody today", user(asked(), None), [false, false, false, false]),
        ("read", read, [true, false, false, false]),
        ("draft", writes, [true, true, false, false]),
        ("submit", submits, [false, false, true, true]),
        (
            "departed",
            user(party_of("departed"), Some(Role::Coordinator)),
            [false, false, false, false],
        ),
    ] {
        let code = match &caller {
            Caller::User { party, .. } | Caller::Token { party, .. } => party.office.clone(),
            other => panic!("{other:?}"),
        };
        let actions = [
            Action::ReadDraftResponse,
            Action::DraftResponse,
            Action::ReleaseResponse,
            Action::ChangeCircle,
        ];
        let found = actions.map(|action| may(&caller, action, Subject::Response(&query, &code), now()).is_ok());
        assert_eq!(found, allowed, "{who}");
    }
}

#[test]
fn a_token_of_the_lead_releases_no_query() {
    let all = token(party_of("lead"), &[Scope::Read, Scope::Draft, Scope::Submit]);
    let query = joint_draft();
    for (action, allowed) in [
        (Action::ReadQuery, true),
        (Action::EditQuery, true),
        (Action::LaunchQuery, false),
        (Action::CloseQuery, false),
        (Action::WithdrawQuery, false),
        (Action::Compile, false),
        (Action::SignSummary, false),
        (Action::Publish, false),
    ] {
        assert_eq!(
            may(&all, action, Subject::Query(&query), now()).is_ok(),
            allowed,
            "{action:?}"
        );
    }
    let office = office("LU");
    assert!(may(&all, Action::ManageUsers, Subject::Office(&office), now()).is_err());
}

#[test]
fn no_token_does_what_only_a_person_answers_for() {
    let austria = office("AT");
    let all = [Scope::Read, Scope::Draft, Scope::Submit];
    for (column, code) in [("asked", "AT"), ("SP", "SP"), ("COM", "COM")] {
        let (office, token) = (office(code), token(party_of(column), &all));
        for action in [
            Action::ManageUsers,
            Action::ResetUser,
            Action::ManageTokens,
            Action::MakeOwnToken,
            Action::ManageFeeds,
            Action::ManageSettings,
        ] {
            let found = may(&token, action, Subject::Office(&office), now());
            assert_eq!(cell(&found), "session_needed", "{action:?} as {column}");
        }
        for action in [Action::ReadUsers, Action::ReadTokens, Action::ReadSettings] {
            assert_eq!(
                may(&token, action, Subject::Office(&office), now()),
                Ok(()),
                "{action:?} as {column}"
            );
        }
        for (subject, action) in [
            (Subject::Office(&office), Action::ReadAudit),
            (Subject::Exchange, Action::ReadAudit),
            (Subject::Exchange, Action::ManageNetwork),
            (Subject::Exchange, Action::ManageDeliveries),
            (Subject::User(&austria, Role::Reader), Action::ManageUsers),
        ] {
            assert!(may(&token, action, subject, now()).is_err(), "{action:?} as {column}");
        }
    }
}

#[test]
fn service_accounts_are_made_by_a_coordinator_of_their_office() {
    let austria = office("AT");
    for (column, role, reads, manages, own) in [
        ("asked", Some(Role::Coordinator), "yes", "yes", "yes"),
        ("asked", Some(Role::Expert), "yes", "role_too_low", "yes"),
        ("asked", Some(Role::Reader), "yes", "role_too_low", "yes"),
        ("asked", None, "role_too_low", "role_too_low", "role_too_low"),
        (
            "member",
            Some(Role::Coordinator),
            "other_office",
            "other_office",
            "other_office",
        ),
        (
            "SP",
            Some(Role::Coordinator),
            "other_office",
            "other_office",
            "other_office",
        ),
        (
            "departed",
            Some(Role::Coordinator),
            "not_taking_part",
            "not_taking_part",
            "not_taking_part",
        ),
    ] {
        let caller = user(party_of(column), role);
        let decide = |action| cell(&may(&caller, action, Subject::Office(&austria), now()));
        assert_eq!(
            (
                decide(Action::ReadTokens),
                decide(Action::ManageTokens),
                decide(Action::MakeOwnToken)
            ),
            (reads, manages, own),
            "{column} {role:?}"
        );
    }
}

#[test]
fn a_token_whose_user_owes_a_second_factor_is_good_for_nothing() {
    let query = open(Audience::Members);
    let austria = office("AT");
    let mut owes = token(party_of("asked"), &[Scope::Read, Scope::Draft, Scope::Submit]);
    if let Caller::Token { owes_second_factor, .. } = &mut owes {
        *owes_second_factor = true;
    }
    for (action, subject) in [
        (Action::ReadQuery, Subject::Query(&query)),
        (Action::ReadNetwork, Subject::Exchange),
        (Action::DraftResponse, Subject::Response(&query, &austria)),
        (Action::ReleaseResponse, Subject::Response(&query, &austria)),
        (Action::ChangeCircle, Subject::Response(&query, &austria)),
        (Action::ReadUsers, Subject::Office(&austria)),
    ] {
        let found = may(&owes, action, subject, now());
        assert_eq!(cell(&found), "second_factor_needed", "{action:?}");
    }
    assert_eq!(scope(&owes), QueryScope::Nothing);
}

#[test]
fn a_link_reads_no_query_beside_its_own_and_nothing_of_the_network() {
    let query = open(Audience::Members);
    let link = |query| Caller::Link {
        contribution: ahq_domain::id::ContributionId(uuid::Uuid::from_u128(1)),
        query,
        questions: BTreeSet::new(),
    };
    let other = ahq_domain::id::QueryId(uuid::Uuid::from_u128(99));
    assert_eq!(reach(&link(other), &query, now()), None);
    assert_eq!(
        may(&link(other), Action::ReadQuery, Subject::Query(&query), now()),
        Err(Refusal::Hidden)
    );
    for action in [
        Action::ReadAnswers,
        Action::ReadLive,
        Action::ReadEdition,
        Action::EditQuery,
        Action::Compile,
    ] {
        assert!(
            may(&link(query.id), action, Subject::Query(&query), now()).is_err(),
            "{action:?}"
        );
    }
    let contributes = |caller: &Caller| may(caller, Action::Contribute, Subject::Query(&query), now());
    assert_eq!(contributes(&link(query.id)), Ok(()));
    assert_eq!(contributes(&link(other)), Err(Refusal::Hidden));
    assert_eq!(contributes(&Caller::Public), Err(Refusal::Unauthenticated));
    for name in ["lead", "asked", "COM", "SP"] {
        assert_eq!(cell(&contributes(&caller(name))), "link_only", "{name}");
    }
    let at = office("AT");
    for action in [
        Action::ReadDraftResponse,
        Action::DraftResponse,
        Action::ReleaseResponse,
        Action::ReadAnswers,
    ] {
        assert!(
            may(&link(query.id), action, Subject::Response(&query, &at), now()).is_err(),
            "{action:?}"
        );
    }
}

#[test]
fn queries_are_begun_by_contact_points_and_the_commission() {
    for (column, role, found) in [
        ("lead", Some(Role::Coordinator), "yes"),
        ("lead", Some(Role::Expert), "yes"),
        ("lead", Some(Role::Reader), "role_too_low"),
        ("lead", None, "role_too_low"),
        ("observer", Some(Role::Expert), "yes"),
        ("COM", Some(Role::Expert), "yes"),
        ("SP", Some(Role::Coordinator), "service_provider"),
        ("departed", Some(Role::Coordinator), "not_taking_part"),
    ] {
        let decision = may(
            &user(party_of(column), role),
            Action::CreateQuery,
            Subject::Exchange,
            now(),
        );
        assert_eq!(cell(&decision), found, "{column} {role:?}");
    }
    for action in [Action::CreateQuery, Action::ReadNetwork] {
        assert_eq!(
            may(&Caller::Public, action, Subject::Exchange, now()),
            Err(Refusal::Unauthenticated)
        );
    }
    assert_eq!(
        may(&caller("guest"), Action::ReadNetwork, Subject::Exchange, now()),
        Ok(())
    );
    assert!(may(&caller("departed"), Action::ReadNetwork, Subject::Exchange, now()).is_err());
}

#[test]
fn users_are_managed_by_their_own_office() {
    let austria = office("AT");
    for (column, role, reads, manages) in [
        ("asked", Some(Role::Coordinator), "yes", "yes"),
        ("asked", Some(Role::Expert), "yes", "role_too_low"),
        ("asked", Some(Role::Reader), "yes", "role_too_low"),
        ("asked", None, "role_too_low", "role_too_low"),
        ("member", Some(Role::Coordinator), "other_office", "other_office"),
        ("COM", Some(Role::Coordinator), "other_office", "other_office"),
        ("SP", Some(Role::Coordinator), "yes", "yes"),
        ("SP", Some(Role::Reader), "yes", "role_too_low"),
        (
            "departed",
            Some(Role::Coordinator),
            "not_taking_part",
            "not_taking_part",
        ),
    ] {
        let caller = user(party_of(column), role);
        let decide = |action| cell(&may(&caller, action, Subject::Office(&austria), now()));
        assert_eq!(
            (decide(Action::ReadUsers), decide(Action::ManageUsers)),
            (reads, manages),
            "{column} {role:?}"
        );
        let grant = cell(&may(
            &caller,
            Action::ManageUsers,
            Subject::User(&austria, Role::Coordinator),
            now(),
        ));
        assert_eq!(grant, manages, "{column} {role:?}");
        let read = cell(&may(
            &caller,
            Action::ReadUsers,
            Subject::User(&austria, Role::Coordinator),
            now(),
        ));
        assert_eq!(read, reads, "reading a user grants nothing: {column} {role:?}");
    }
    assert_eq!(
        may(&Caller::Public, Action::ReadUsers, Subject::Office(&austria), now()),
        Err(Refusal::Unauthenticated)
    );
}

#[test]
fn accounts_are_reset_by_the_service_provider_alone() {
    let austria = office("AT");
    for (column, role, resets) in [
        ("asked", Some(Role::Coordinator), "not_the_service_provider"),
        ("COM", Some(Role::Coordinator), "not_the_service_provider"),
        ("SP", Some(Role::Coordinator), "yes"),
        ("SP", Some(Role::Expert), "role_too_low"),
    ] {
        let caller = user(party_of(column), role);
        let found = may(&caller, Action::ResetUser, Subject::Office(&austria), now());
        assert_eq!(cell(&found), resets, "{column} {role:?}");
    }
}

#[test]
fn who_owes_a_second_factor_has_no_role_yet() {
    let query = open(Audience::Members);
    let austria = office("AT");
    for column in ["lead", "SP", "COM"] {
        let mut caller = user(party_of(column), Some(Role::Coordinator));
        assert_eq!(may(&caller, Action::ReadQuery, Subject::Query(&query), now()), Ok(()));
        if let Caller::User { owes_second_factor, .. } = &mut caller {
            *owes_second_factor = true;
        }
        let codes = [
            cell(&may(&caller, Action::ReadQuery, Subject::Query(&query), now())),
            cell(&may(&caller, Action::ReadNetwork, Subject::Exchange, now())),
            cell(&may(&caller, Action::ReadUsers, Subject::Office(&austria), now())),
        ];
        let refused = if column == "SP" {
            "second_factor_needed"
        } else {
            "other_office"
        };
        assert_eq!(
            codes,
            ["second_factor_needed", "second_factor_needed", refused],
            "{column}"
        );
        assert_eq!(scope(&caller), QueryScope::Nothing, "lists hold nothing either");
    }
}

#[test]
fn an_office_settles_its_own_affairs() {
    let austria = office("AT");
    for (column, role, reads, manages) in [
        ("asked", Some(Role::Coordinator), "yes", "yes"),
        ("asked", Some(Role::Expert), "yes", "role_too_low"),
        ("asked", Some(Role::Reader), "yes", "role_too_low"),
        ("asked", None, "role_too_low", "role_too_low"),
        ("member", Some(Role::Coordinator), "other_office", "other_office"),
        ("COM", Some(Role::Coordinator), "other_office", "other_office"),
        ("SP", Some(Role::Coordinator), "other_office", "other_office"),
        (
            "departed",
            Some(Role::Coordinator),
            "not_taking_part",
            "not_taking_part",
        ),
    ] {
        let caller = user(party_of(column), role);
        let decide = |action| cell(&may(&caller, action, Subject::Office(&austria), now()));
        assert_eq!(
            (decide(Action::ReadSettings), decide(Action::ManageSettings)),
            (reads, manages),
            "{column} {role:?}"
        );
    }
}

#[test]
fn the_network_is_managed_by_the_service_provider_and_a_feed_by_its_office() {
    let austria = office("AT");
    for (column, role, network, feeds) in [
        ("SP", Some(Role::Coordinator), "yes", "other_office"),
        ("SP", Some(Role::Expert), "role_too_low", "other_office"),
        (
            "COM",
            Some(Role::Coordinator),
            "not_the_service_provider",
            "other_office",
        ),
        ("asked", Some(Role::Coordinator), "not_the_service_provider", "yes"),
        ("asked", Some(Role::Reader), "not_the_service_provider", "yes"),
        ("asked", None, "not_the_service_provider", "role_too_low"),
        (
            "member",
            Some(Role::Coordinator),
            "not_the_service_provider",
            "other_office",
        ),
        (
            "departed",
            Some(Role::Coordinator),
            "not_taking_part",
            "not_taking_part",
        ),
    ] {
        let caller = user(party_of(column), role);
        let decide = |action, subject| cell(&may(&caller, action, subject, now()));
        assert_eq!(
            (
                decide(Action::ManageNetwork, Subject::Exchange),
                decide(Action::ManageFeeds, Subject::Office(&austria))
            ),
            (network, feeds),
            "{column} {role:?}"
        );
    }
    let public = |action, subject| may(&Caller::Public, action, subject, now());
    let refused = Err(Refusal::Unauthenticated);
    assert_eq!(public(Action::ManageNetwork, Subject::Exchange), refused);
    assert_eq!(public(Action::ManageFeeds, Subject::Office(&austria)), refused);
}

#[test]
fn the_audit_is_for_coordinators_of_the_service_provider_and_of_the_office_itself() {
    let austria = office("AT");
    for (column, role, whole, own) in [
        ("SP", Some(Role::Coordinator), "yes", "other_office"),
        ("SP", Some(Role::Expert), "role_too_low", "other_office"),
        (
            "COM",
            Some(Role::Coordinator),
            "not_the_service_provider",
            "other_office",
        ),
        ("asked", Some(Role::Coordinator), "not_the_service_provider", "yes"),
        ("asked", Some(Role::Expert), "not_the_service_provider", "role_too_low"),
        (
            "member",
            Some(Role::Coordinator),
            "not_the_service_provider",
            "other_office",
        ),
        (
            "departed",
            Some(Role::Coordinator),
            "not_taking_part",
            "not_taking_part",
        ),
    ] {
        let caller = user(party_of(column), role);
        let decide = |subject| cell(&may(&caller, Action::ReadAudit, subject, now()));
        assert_eq!(
            (decide(Subject::Exchange), decide(Subject::Office(&austria))),
            (whole, own),
            "{column} {role:?}"
        );
    }
    for subject in [Subject::Exchange, Subject::Office(&austria)] {
        let found = may(&Caller::Public, Action::ReadAudit, subject, now());
        assert_eq!(found, Err(Refusal::Unauthenticated));
    }
}

#[test]
fn lists_hold_no_more_than_single_reads() {
    let lead = party_of("lead");
    for (caller, expected) in [
        (Caller::System, QueryScope::All),
        (Caller::Public, QueryScope::Nothing),
        (caller("departed"), QueryScope::Nothing),
        (user(lead.clone(), None), QueryScope::Nothing),
        (token(lead.clone(), &[Scope::Submit]), QueryScope::Nothing),
        (token(lead.clone(), &[Scope::Read]), QueryScope::Office(lead.clone())),
        (user(lead.clone(), Some(Role::Reader)), QueryScope::Office(lead)),
    ] {
        assert_eq!(scope(&caller), expected, "{caller:?}");
    }
}
