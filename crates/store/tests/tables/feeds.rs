//! Secret addresses of calendar feeds.

use crate::{OTHER_QUERY, QUERY, USER, code, now, on_both, read, write};
use ahq_domain::id::FeedId;
use ahq_store::feeds::{self, Feed};
use ahq_store::{Store, StoreError};
use chrono::Duration;

on_both!(an_address_is_found_by_its_secret_until_it_is_deleted);

async fn an_address_is_found_by_its_secret_until_it_is_deleted(store: &Store) {
    let feed = |id: uuid::Uuid, office: &str, made| Feed {
        id: FeedId(id),
        office: code(office),
        made,
        made_by: USER,
        read: None,
    };
    let later = feed(QUERY.0, "LU", now() + Duration::days(1));
    let first = feed(OTHER_QUERY.0, "LU", now());
    let (one, other) = (later.clone(), first.clone());
    write(store, move |conn| {
        feeds::insert(conn, &one, "hash one")?;
        feeds::insert(conn, &other, "hash other")
    })
    .await
    .unwrap();
    let found = read(store, 1, |conn| feeds::of_office(conn, &code("LU"))).await;
    assert_eq!(found, [first.clone(), later.clone()]);
    assert_eq!(read(store, 1, |conn| feeds::of_office(conn, &code("AT"))).await, []);
    assert_eq!(read(store, 1, |conn| feeds::find_by_secret(conn, "hash")).await, None);
    let id = first.id;
    write(store, move |conn| feeds::mark_read(conn, id, now()))
        .await
        .unwrap();
    let found = read(store, 1, |conn| feeds::find_by_secret(conn, "hash other")).await;
    assert_eq!(found.and_then(|feed| feed.read), Some(now()));

    let again = feed(uuid::Uuid::from_u128(9), "AT", now());
    let refused = write(store, move |conn| feeds::insert(conn, &again, "hash other")).await;
    assert!(matches!(refused, Err(StoreError::Unique(_))), "{refused:?}");
    for (office, deleted) in [("AT", false), ("LU", true), ("LU", false)] {
        let found = write(store, move |conn| feeds::delete(conn, &code(office), id))
            .await
            .unwrap();
        assert_eq!(found, deleted, "{office}");
    }
    assert_eq!(
        read(store, 1, |conn| feeds::of_office(conn, &code("LU"))).await,
        [later]
    );
}
