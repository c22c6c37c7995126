use crate::on_both;
use crate::random::*;
use ahq_domain::query::*;
use ahq_domain::permission::*;
use ahq_domain::office::*;
use ahq_domain::markdown::Markdown;
use ahq_store::queries::{self, *};
use ahq_store::{Store, StoreError};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use diesel::prelude::*;
on_both!(bench);
#[derive(QueryableByName, Debug)]
struct Plan { #[diesel(sql_type = diesel::sql_types::Text)] detail: String }
async fn bench(store: &Store) {
    let mut runner = TestRunner::deterministic();
    let st = queries();
    let mut n = 0i32;
    let mut all = vec![];
    while n < 3000 {
        for mut q in st.new_tree(&mut runner).unwrap().current() {
            n += 1;
            q.id = ahq_domain::id::QueryId(uuid::Uuid::from_u128(n as u128));
            q.background = Some(Markdown::try_from("lorem ipsum dolor ".repeat(150)).unwrap());
            q.changed = midnight() - chrono::TimeDelta::minutes(n as i64);
            if let Life::Launched(l) = &mut q.life { l.number.sequence = n; l.at = midnight() - chrono::TimeDelta::hours(n as i64); }
            if let Life::Imported(l) = &mut q.life { l.number = None; }
            all.push(q);
        }
    }
    let a2 = all.clone();
    store.write(move |c| { for q in &a2 { queries::insert(c, q)?; } Ok::<_, StoreError>(()) }).await.unwrap();
    for kind in [OfficeKind::Commission, OfficeKind::NationalContactPoint] {
      for standing in [Standing::Member, Standing::Observer] {
        for sort in [QuerySort::Requested, QuerySort::Deadline, QuerySort::Title] {
          for filter in [QueryFilter::default(), QueryFilter { status: vec![Status::Open], ..Default::default() }] {
            let scope = QueryScope::Office(Party { office: "NO".parse().unwrap(), kind, standing, since: "2015-01-01".parse().unwrap(), takes_part: true });
            let label = format!("{kind:?} {standing:?} {sort:?} {}", filter.status.len());
            let took = store.read(move |c| {
                let o: OfficeCode = "NO".parse().unwrap();
                queries::page(c, &scope, Some(&o), &filter, sort, true, None, 25, midnight())?;
                let t = std::time::Instant::now();
                for _ in 0..20 { queries::page(c, &scope, Some(&o), &filter, sort, true, None, 25, midnight())?; }
                Ok::<_, StoreError>(t.elapsed() / 20)
            }).await.unwrap();
            println!("{label}: {took:?}");
          }
        }
      }
    }
    let id = QueryRef::Id(all.iter().find(|q| q.launched().is_some()).unwrap().id);
    let took = store.read(move |c| { let t = std::time::Instant::now(); for _ in 0..100 { queries::find(c, &id)?; } Ok::<_, StoreError>(t.elapsed()/100) }).await.unwrap();
    println!("find: {took:?}");
}
