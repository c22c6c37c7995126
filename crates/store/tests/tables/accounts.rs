//! Users, invitations, sessions, throttles, keys, and the audit trail.

use crate::{USER, a_user, an_office, code, now, on_both, read, write};
use ahq_domain::account::UserList;
use ahq_domain::id::{EventId, SessionId, UserId};
use ahq_domain::office::{OfficeKind, Standing};
use ahq_domain::user::{User, UserStatus};
use ahq_store::audit::{self, Event};
use ahq_store::sessions::{self, Session};
use ahq_store::{Store, StoreError, invitations, keys, throttles, user_lists, users};
use chrono::{Days, TimeDelta};
use serde_json::json;
use uuid::Uuid;

on_both!(
    a_user_is_read_as_written,
    an_address_belongs_to_one_account,
    a_change_of_a_user_meets_the_version_it_was_read_with,
    an_invitation_ends_with_the_others_of_its_user,
    a_session_moves_from_one_generation_to_the_next_once,
    a_session_speaks_for_its_user_as_the_tables_say_now,
    failures_are_counted_until_they_are_cleared,
    the_first_keys_stay,
    keys_are_replaced_by_who_read_them,
    whoever_was_not_seen_is_found,
    a_list_of_users_is_confirmed_once_by_each_who_read_it,
    events_of_a_thing_come_in_order,
);

fn another(id: u128, name: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(id)),
        name: name.to_owned(),
        email: format!("{id}@example.org"),
        ..a_user()
    }
}

async fn a_user_is_read_as_written(store: &Store) {
    assert_eq!(read(store, 1, |conn| users::find(conn, USER)).await, Some(a_user()));
    let nobody = UserId(Uuid::from_u128(99));
    assert_eq!(read(store, 1, move |conn| users::find(conn, nobody)).await, None);
    let by_email = |email: &'static str| read(store, 1, move |conn| users::find_by_email(conn, email));
    assert_eq!(by_email("ANNA.muster@Example.ORG").await, Some((a_user(), None)));
    assert_eq!(by_email("anna@example.org").await, None);
    write(store, |conn| users::set_password(conn, USER, "$argon2id$1"))
        .await
        .unwrap();
    let (_, hash) = by_email("anna.muster@example.org").await.unwrap();
    assert_eq!(hash.as_deref(), Some("$argon2id$1"));
    let refused = write(store, move |conn| users::set_password(conn, nobody, "x")).await;
    assert_eq!(refused, Err(StoreError::Conflict));

    let (first, last) = (another(10, "adam"), another(11, "Zoe"));
    let (one, other) = (first.clone(), last.clone());
    write(store, move |conn| {
        users::insert(conn, &other)?;
        users::insert(conn, &one)
    })
    .await
    .unwrap();
    let of_office = read(store, 1, |conn| users::of_office(conn, &code("LU"))).await;
    assert_eq!(of_office, [first, last, a_user()]);
    assert_eq!(read(store, 1, |conn| users::of_office(conn, &code("BE"))).await, []);
}

async fn an_address_belongs_to_one_account(store: &Store) {
    let mut twin = another(10, "Twin");
    twin.email = a_user().email.to_uppercase();
    let refused = write(store, move |conn| users::insert(conn, &twin)).await;
    assert!(refused.unwrap_err().violates("users_email_key_key"));
}

async fn a_change_of_a_user_meets_the_version_it_was_read_with(store: &Store) {
    write(store, |conn| users::set_password(conn, USER, "hash"))
        .await
        .unwrap();
    let mut changed = a_user();
    changed.version = 2;
    changed.status = UserStatus::Disabled;
    changed.grants.clear();
    let (one, twin) = (changed.clone(), changed.clone());
    write(store, move |conn| users::update(conn, &one)).await.unwrap();
    let refused = write(store, move |conn| users::update(conn, &twin)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    let found = read(store, 1, |conn| users::find_by_email(conn, "anna.muster@example.org")).await;
    assert_eq!(found, Some((changed, Some("hash".to_owned()))), "the password stays");
}

async fn an_invitation_ends_with_the_others_of_its_user(store: &Store) {
    write(store, |conn| {
        invitations::insert(conn, "one", USER, now())?;
        invitations::insert(conn, "two", USER, now() + TimeDelta::days(7))
    })
    .await
    .unwrap();
    let find = |hash: &'static str| read(store, 1, move |conn| invitations::find(conn, hash));
    assert_eq!(find("two").await, Some((USER, now() + TimeDelta::days(7))));
    assert_eq!(find("three").await, None);
    let refused = write(store, |conn| invitations::insert(conn, "one", USER, now())).await;
    assert!(refused.unwrap_err().violates("invitations_secret_hash_key"));
    write(store, |conn| invitations::delete_of(conn, USER)).await.unwrap();
    assert_eq!((find("one").await, find("two").await), (None, None));
}

fn a_session(id: u128) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(id)),
        user: USER,
        seed: "seed".to_owned(),
        generation: 1,
        rotated: now(),
        created: now(),
        expires: now() + TimeDelta::days(30),
        ended: None,
        client: "A browser".to_owned(),
        second_factor: false,
    }
}

async fn open_sessions(store: &Store) {
    write(store, |conn| {
        sessions::insert(conn, &a_session(20))?;
        sessions::insert(conn, &a_session(21))
    })
    .await
    .unwrap();
}

async fn a_session_moves_from_one_generation_to_the_next_once(store: &Store) {
    open_sessions(store).await;
    let id = a_session(20).id;
    let later = now() + TimeDelta::seconds(1);
    let rotate = || write(store, move |conn| sessions::rotate(conn, id, 1, later));
    assert_eq!((rotate().await, rotate().await), (Ok(true), Ok(false)));
    let mut wanted = a_session(20);
    wanted.generation = 2;
    wanted.rotated = later;
    let find = |id| read(store, 1, move |conn| sessions::find(conn, id));
    assert_eq!(find(id).await, Some(wanted.clone()));
    assert_eq!(find(a_session(21).id).await, Some(a_session(21)), "the other stays");

    write(store, move |conn| sessions::end(conn, id, now())).await.unwrap();
    write(store, move |conn| sessions::end(conn, id, later)).await.unwrap();
    wanted.ended = Some(now());
    assert_eq!(find(id).await, Some(wanted.clone()), "it ended once");
    let refused = write(store, move |conn| sessions::rotate(conn, id, 2, later)).await;
    assert_eq!(refused, Ok(false), "an ended session is not renewed");
    let kept = Some(a_session(21).id);
    write(store, move |conn| sessions::end_all_of(conn, USER, kept, later))
        .await
        .unwrap();
    let live = read(store, 1, |conn| sessions::live_of(conn, USER, now())).await;
    assert_eq!(live, [a_session(21)], "the one that was to be kept");
    write(store, move |conn| sessions::end_all_of(conn, USER, None, later))
        .await
        .unwrap();
    assert_eq!(find(id).await, Some(wanted));
    assert_eq!(find(a_session(21).id).await.unwrap().ended, Some(later));
}

async fn a_session_speaks_for_its_user_as_the_tables_say_now(store: &Store) {
    open_sessions(store).await;
    let standing = || read(store, 1, |conn| sessions::standing(conn, a_session(20).id));
    let found = standing().await.unwrap();
    let office = an_office("LU");
    let wanted = sessions::Standing {
        user: USER,
        expires: a_session(20).expires,
        ended: None,
        second_factor: false,
        office_wants_second_factor: false,
        user_status: UserStatus::Active,
        grants: a_user().grants,
        office: office.code,
        kind: OfficeKind::NationalContactPoint,
        office_standing: Standing::Member,
        since: office.since,
        until: None,
    };
    assert_eq!(found, wanted);
    write(store, |conn| {
        let mut user = a_user();
        user.version = 2;
        user.status = UserStatus::Disabled;
        users::update(conn, &user)
    })
    .await
    .unwrap();
    assert_eq!(standing().await.unwrap().user_status, UserStatus::Disabled);
    let unknown = read(store, 1, |conn| sessions::standing(conn, a_session(22).id)).await;
    assert_eq!(unknown, None);
}

async fn failures_are_counted_until_they_are_cleared(store: &Store) {
    let held = |key: &'static str| write(store, move |conn| throttles::hold(conn, key, now()));
    assert_eq!(held("account:a").await, Ok((0, now())), "the first try");
    let later = now() + TimeDelta::seconds(2);
    for (key, failures) in [("account:a", 3), ("account:b", 1)] {
        write(store, move |conn| {
            throttles::hold(conn, key, now())?;
            throttles::put(conn, key, failures, later)
        })
        .await
        .unwrap();
    }
    assert_eq!(held("account:a").await, Ok((3, later)));
    write(store, |conn| throttles::forgive(conn, "account:a"))
        .await
        .unwrap();
    assert_eq!(held("account:a").await, Ok((2, later)));
    write(store, |conn| throttles::clear(conn, "account:a")).await.unwrap();
    assert_eq!(held("account:a").await, Ok((0, now())));
    let purged = write(store, move |conn| throttles::purge(conn, later)).await;
    assert_eq!(purged, Ok(1), "the one that failed last");
    assert_eq!(held("account:b").await, Ok((1, later)));
}

async fn the_first_keys_stay(store: &Store) {
    let find = || read(store, 1, |conn| keys::find(conn, "exchange"));
    assert_eq!(find().await, None);
    for sealed in ["first", "second"] {
        write(store, move |conn| keys::insert_once(conn, "exchange", sealed))
            .await
            .unwrap();
    }
    assert_eq!(find().await.as_deref(), Some("first"));
}

async fn keys_are_replaced_by_who_read_them(store: &Store) {
    write(store, |conn| keys::insert_once(conn, "exchange", "first"))
        .await
        .unwrap();
    let replace = |read: &'static str, sealed: &'static str| {
        write(store, move |conn| keys::replace(conn, "exchange", read, sealed))
    };
    assert_eq!(replace("first", "second").await, Ok(()));
    assert_eq!(replace("first", "third").await, Err(StoreError::Conflict));
    let found = read(store, 1, |conn| keys::find(conn, "exchange")).await;
    assert_eq!(found.as_deref(), Some("second"));
}

async fn whoever_was_not_seen_is_found(store: &Store) {
    let day = now().date_naive();
    let disabled = User {
        status: UserStatus::Disabled,
        ..another(12, "Zoe")
    };
    write(store, move |conn| {
        users::insert(conn, &disabled)?;
        users::see(conn, disabled.id, day)
    })
    .await
    .unwrap();
    let unseen = |day| read(store, 1, move |conn| users::unseen_since(conn, day));
    assert_eq!(unseen(day).await, [], "nobody was ever seen");
    write(store, move |conn| users::begin_to_see(conn, day)).await.unwrap();
    assert_eq!(unseen(day - Days::new(1)).await, []);
    let found = unseen(day).await;
    assert_eq!((found.len(), &found[0].user), (1, &a_user()));
    assert_eq!((found[0].seen_on, found[0].told_on), (day, None));
    write(store, move |conn| {
        users::told_unused(conn, USER, day)?;
        users::see(conn, USER, day + Days::new(1))?;
        // Days do not go back.
        users::begin_to_see(conn, day)?;
        users::see(conn, USER, day)
    })
    .await
    .unwrap();
    assert_eq!(unseen(day).await, []);
    let seen = read(store, 1, |conn| users::seen_of_office(conn, &code("LU"))).await;
    assert_eq!(seen[&USER], day + Days::new(1));
    let counts = read(store, 1, users::counts).await;
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(code("LU"), 1)]);
}

async fn a_list_of_users_is_confirmed_once_by_each_who_read_it(store: &Store) {
    let day = now().date_naive();
    let find = || read(store, 1, |conn| user_lists::find(conn, &code("LU")));
    assert_eq!(find().await, None);
    let confirm = |before| {
        write(store, move |conn| {
            user_lists::confirm(conn, &code("LU"), USER, day, before)
        })
    };
    assert_eq!(confirm(0).await, Err(StoreError::Conflict), "it has not begun");
    for later in [0, 1] {
        write(store, move |conn| {
            user_lists::begin(conn, &code("LU"), day + Days::new(later))
        })
        .await
        .unwrap();
    }
    assert_eq!(find().await, Some(UserList::begun(day)));
    assert_eq!(confirm(0).await, Ok(()));
    assert_eq!(confirm(0).await, Err(StoreError::Conflict));
    write(store, move |conn| user_lists::asked(conn, &code("LU"), day))
        .await
        .unwrap();
    let confirmed = UserList {
        confirmed: Some((day, USER)),
        confirmations: 1,
        asked_on: Some(day),
        ..UserList::begun(day)
    };
    assert_eq!(find().await, Some(confirmed));
    let all = read(store, 1, user_lists::all).await;
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(code("LU"), confirmed)]);
}

async fn events_of_a_thing_come_in_order(store: &Store) {
    let event = |id: u128, subject: &str, seconds| Event {
        id: EventId(Uuid::from_u128(id)),
        at: now() + TimeDelta::seconds(seconds),
        user: Some(USER),
        office: Some(code("LU")),
        action: "query.launched".to_owned(),
        subject: subject.to_owned(),
        facts: json!({"number": "2026.1", "list": [1, null, "ä"]}),
    };
    let of_nobody = Event {
        user: None,
        office: None,
        facts: json!({}),
        ..event(30, "query/1", 5)
    };
    let events = [
        of_nobody.clone(),
        event(31, "query/1", 1),
        event(32, "query/1/response/LU", 1),
    ];
    write(store, move |conn| {
        events.iter().try_for_each(|event| audit::record(conn, event))
    })
    .await
    .unwrap();
    let found = read(store, 1, |conn| audit::of_subject(conn, "query/1")).await;
    assert_eq!(found, [event(31, "query/1", 1), of_nobody]);
}
