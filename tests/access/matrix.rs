//! S2: every kind of caller against every operation of the published document, in every status of a query.
//!
//! A cell is the status of the reply and the letters of the words of Austria's response that were in it (see
//! [`crate::world::WORDS`]): `200np` is a reply that shows what is for the network and what is public.

use ahq_harness::Database;
use ahq_harness::goal::{Goal, say};
use reqwest::Method;

use crate::callers::NAMES;
use crate::operations::{planned, position};
use crate::table::rows;
use crate::world::{WORDS, World};

/// Tries every cell, or as many as it takes to find a wrong one; gives the goal and what is wrong. None where the database
/// is not there.
pub async fn run(database: Database, until_first: bool) -> Option<(Goal, Vec<String>)> {
    let mut world = World::start(database).await?;
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for row in rows() {
        if until_first && !wrong.is_empty() {
            break;
        }
        let seen = tried(&mut world, &row.operation, row.status).await;
        cells += seen.len();
        for ((name, seen), expected) in NAMES.iter().zip(&seen).zip(&row.cells) {
            if seen != expected {
                wrong.push(format!(
                    "{} {} as {name}: expected {expected}, saw {seen}",
                    row.operation, row.status
                ));
            }
        }
    }
    say(format!("{cells} cells on {database:?}"));
    let goal = Goal::new(format!("S2-{database}"), wrong.len(), 0, wrong.is_empty());
    Some((goal, wrong))
}

/// One row as the program has it.
async fn tried(world: &mut World, operation: &str, status: &'static str) -> Vec<String> {
    let about_query = status != "-";
    let position = position(operation);
    let mut ready = None;
    let mut seen = Vec::new();
    for name in NAMES {
        let (query, plan) = match ready.take() {
            Some(ready) => ready,
            None => {
                let query = match about_query {
                    true => world.query(status, position).await,
                    false => String::new(),
                };
                let plan = planned(world, operation, &query).await;
                (query, plan)
            }
        };
        let client = world.callers.named(name).clone();
        let (code, text) = plan.send(&client).await;
        let shown = WORDS.iter().filter(|(_, word)| text.contains(word));
        let letters: String = shown.map(|(letter, _)| *letter).collect();
        seen.push(format!("{code}{letters}"));
        // What somebody has changed is no longer what the next one is to be tried on.
        if plan.method == Method::GET || code >= 300 {
            ready = Some((query, plan));
        } else if operation == "sign_out" {
            world.sign_in().await;
        }
    }
    if let Some((query, _)) = ready.filter(|_| about_query) {
        world.give_back(status, position, query);
    }
    seen
}

#[cfg(test)]
mod every_operation {
    use std::collections::BTreeSet;

    use super::rows;
    use crate::world::{INVITED, STATUSES};

    #[test]
    fn has_its_rows() {
        let document = ahq_api::document();
        let paths = document["paths"].as_object().expect("paths");
        let mut wanted = BTreeSet::new();
        for (path, item) in paths {
            for operation in item.as_object().expect("a path").values() {
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let statuses: &[&str] = if path.contains("{query}") { &STATUSES } else { &["-"] };
                wanted.extend(statuses.iter().map(|status| (id.to_owned(), (*status).to_owned())));
            }
        }
        let plain = |operation: &str| operation.split('?').next().unwrap_or_default().to_owned();
        let there: BTreeSet<_> = rows()
            .iter()
            .filter(|row| row.status != INVITED)
            .map(|row| (plain(&row.operation), row.status.to_owned()))
            .collect();
        assert!(wanted.len() > 100, "the document was not read");
        assert_eq!(
            wanted.difference(&there).collect::<Vec<_>>(),
            Vec::<&(String, String)>::new(),
            "no row for these"
        );
        assert_eq!(
            there.difference(&wanted).collect::<Vec<_>>(),
            Vec::<&(String, String)>::new(),
            "no longer there"
        );
    }
}
