//! Editions with their views, and summaries.

use crate::{OTHER_QUERY, QUERY, USER, circles, code, now, on_both, read, write};
use ahq_domain::compilation::Part;
use ahq_domain::dissemination::Circle;
use ahq_domain::id::EditionId;
use ahq_domain::markdown::Markdown;
use ahq_domain::summary::Summary;
use ahq_store::editions::{self, Edition, ViewHead};
use ahq_store::summaries::{self, StoredSummary};
use ahq_store::{Store, StoreError};
use uuid::Uuid;

on_both!(
    an_edition_is_read_as_it_was_frozen,
    a_number_belongs_to_one_edition,
    the_first_replacement_of_a_view_stands,
    a_summary_is_read_as_written,
    a_change_of_a_summary_meets_the_version_it_was_read_with,
);

fn an_edition(number: i32) -> Edition {
    Edition {
        id: EditionId(Uuid::from_u128(u128::try_from(number).unwrap())),
        query: QUERY,
        number,
        made: now(),
        composition: vec![Part {
            office: code("BE"),
            version: 2,
            at: now(),
            late: true,
            circles: circles(&[("q1", Circle::Public), ("q2", Circle::Requester)]),
        }],
        declined: vec![code("AT")],
    }
}

/// Spaces, the order of keys and characters beyond ASCII are part of what was hashed.
fn body(number: i32, circle: Circle) -> String {
    format!("{{\"z\":  {number},\"a\":\"{circle} — é\"}}")
}

async fn freeze(store: &Store, edition: Edition) -> Result<(), StoreError> {
    let views: Vec<_> = [Circle::Public, Circle::Requester, Circle::Network]
        .into_iter()
        .map(|circle| (circle, format!("hash of {circle}"), body(edition.number, circle)))
        .collect();
    let before = store.statements();
    let frozen = write(store, move |conn| editions::insert(conn, &edition, &views)).await;
    if frozen.is_ok() {
        assert_eq!(store.statements() - before, 2, "statements");
    }
    frozen
}

async fn an_edition_is_read_as_it_was_frozen(store: &Store) {
    assert_eq!(read(store, 1, |conn| editions::last(conn, QUERY)).await, None);
    for number in [2, 1, 10] {
        freeze(store, an_edition(number)).await.unwrap();
    }
    let list = read(store, 1, |conn| editions::list(conn, QUERY)).await;
    assert_eq!(list, [an_edition(1), an_edition(2), an_edition(10)]);
    assert_eq!(
        read(store, 1, |conn| editions::last(conn, QUERY)).await,
        Some(an_edition(10))
    );
    let find = |query, number| read(store, 1, move |conn| editions::find(conn, query, number));
    assert_eq!(find(QUERY, 2).await, Some(an_edition(2)));
    assert_eq!(find(QUERY, 3).await, None);
    assert_eq!(find(OTHER_QUERY, 2).await, None);
    for circle in Circle::ALL {
        let (edition, view) = read(store, 1, move |conn| editions::view(conn, QUERY, 2, circle))
            .await
            .unwrap();
        assert_eq!(edition, an_edition(2));
        assert_eq!((view.circle, view.replaced_by), (circle, None));
        assert_eq!(view.sha256, format!("hash of {circle}"));
        assert_eq!(view.body, body(2, circle), "byte for byte");
    }
    let none = read(store, 1, |conn| editions::view(conn, OTHER_QUERY, 2, Circle::Public)).await;
    assert_eq!(none, None);
}

async fn a_number_belongs_to_one_edition(store: &Store) {
    freeze(store, an_edition(1)).await.unwrap();
    let mut twin = an_edition(1);
    twin.id = EditionId(Uuid::from_u128(50));
    let refused = freeze(store, twin.clone()).await;
    assert!(refused.unwrap_err().violates("editions_query_id_number_key"));
    twin.query = OTHER_QUERY;
    freeze(store, twin).await.unwrap();
}

async fn the_first_replacement_of_a_view_stands(store: &Store) {
    for number in [1, 2] {
        freeze(store, an_edition(number)).await.unwrap();
    }
    let first = an_edition(1).id;
    write(store, move |conn| {
        editions::mark_replaced(conn, first, Circle::Public, 3)?;
        editions::mark_replaced(conn, first, Circle::Public, 4)?;
        editions::mark_replaced(conn, first, Circle::Network, 4)
    })
    .await
    .unwrap();
    let head = |circle: Circle, replaced_by| ViewHead {
        circle,
        sha256: format!("hash of {circle}"),
        erased: None,
        replaced_by,
    };
    let of_first = [
        head(Circle::Requester, None),
        head(Circle::Network, Some(4)),
        head(Circle::Public, Some(3)),
    ];
    assert_eq!(read(store, 1, move |conn| editions::views(conn, first)).await, of_first);
    let (_, view) = read(store, 1, |conn| editions::view(conn, QUERY, 1, Circle::Public))
        .await
        .unwrap();
    assert_eq!(view.replaced_by, Some(3));
    let of_query = read(store, 1, |conn| editions::views_of_query(conn, QUERY)).await;
    let second = an_edition(2).id;
    let of_second = Circle::ALL.map(|circle| (second, 2, head(circle, None)));
    let wanted: Vec<_> = of_first
        .map(|head| (first, 1, head))
        .into_iter()
        .chain(of_second)
        .collect();
    assert_eq!(of_query, wanted);
}

fn a_summary(circle: Circle) -> StoredSummary {
    let text = |text: &str| Markdown::try_from(text.to_owned()).unwrap();
    StoredSummary {
        edition: an_edition(1).id,
        circle,
        version: 1,
        summary: Summary {
            background: text("*Why* — warum?"),
            respondents: text("Two."),
            findings: Markdown::default(),
        },
        signed: None,
        signed_by: None,
    }
}

async fn a_summary_is_read_as_written(store: &Store) {
    freeze(store, an_edition(1)).await.unwrap();
    write(store, |conn| {
        summaries::insert(conn, &a_summary(Circle::Public))?;
        summaries::insert(conn, &a_summary(Circle::Network))
    })
    .await
    .unwrap();
    let edition = an_edition(1).id;
    let find = |circle| read(store, 1, move |conn| summaries::find(conn, edition, circle));
    assert_eq!(find(Circle::Network).await, Some(a_summary(Circle::Network)));
    assert_eq!(find(Circle::Requester).await, None);
    let all = read(store, 1, move |conn| summaries::of_edition(conn, edition)).await;
    assert_eq!(all, [a_summary(Circle::Network), a_summary(Circle::Public)]);
    let twin = write(store, |conn| summaries::insert(conn, &a_summary(Circle::Public))).await;
    assert!(twin.unwrap_err().violates("summaries_edition_id_circle_key"));
}

async fn a_change_of_a_summary_meets_the_version_it_was_read_with(store: &Store) {
    freeze(store, an_edition(1)).await.unwrap();
    write(store, |conn| {
        summaries::insert(conn, &a_summary(Circle::Network))?;
        summaries::insert(conn, &a_summary(Circle::Public))
    })
    .await
    .unwrap();
    let mut signed = a_summary(Circle::Network);
    signed.version = 2;
    signed.signed = Some(now());
    signed.signed_by = Some(USER);
    let (one, twin) = (signed.clone(), signed.clone());
    write(store, move |conn| summaries::update(conn, &one)).await.unwrap();
    let refused = write(store, move |conn| summaries::update(conn, &twin)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    let edition = signed.edition;
    let all = || read(store, 1, move |conn| summaries::of_edition(conn, edition));
    assert_eq!(all().await, [signed, a_summary(Circle::Public)]);
    let mut changed = a_summary(Circle::Network);
    changed.version = 3;
    let written = changed.clone();
    write(store, move |conn| summaries::update(conn, &written))
        .await
        .unwrap();
    assert_eq!(
        all().await,
        [changed, a_summary(Circle::Public)],
        "its signature is gone"
    );
}
