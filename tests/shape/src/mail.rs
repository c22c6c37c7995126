//! Mail with two workers: each message leaves once.

use std::collections::BTreeMap;
use std::time::Duration;

use ahq_harness::goal::{Goal, say};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use crate::shape::{Shape, worker_name};

/// How long the workers may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    status: String,
}

/// Waits until all that the story has put into the outbox has left; counts what left twice or never.
pub(crate) async fn once(shape: &Shape) -> Goal {
    let rows = settled(shape).await;
    let sent: Vec<_> = rows.iter().filter(|row| row.status == "sent").collect();
    let times = times(shape);
    let missing = sent.iter().filter(|row| !times.contains_key(&row.id)).count();
    let repeated = times.values().filter(|times| **times > 1).count();
    let by = [1, 2].map(|number| messages_of(shape, &worker_name(number)));
    say(format!(
        "mail: {} of {} in the outbox sent, {by:?} by the two workers, {missing} missing, {repeated} repeated",
        sent.len(),
        rows.len()
    ));
    let wrong = missing + repeated + (rows.len() - sent.len());
    Goal::new("shape-mail", wrong, 0, wrong == 0 && !by.contains(&0))
}

/// Marks a message that was sent as due again, as a worker would that forgot; whether the repeat is counted.
pub(crate) async fn notices_a_repeat(shape: &Shape) -> bool {
    sql_query(
        "UPDATE outbox SET status = 'waiting', settled_at = NULL, due_at = created_at \
         WHERE id = (SELECT min(id::text)::uuid FROM outbox WHERE status = 'sent')",
    )
    .execute(&mut shape.database())
    .expect("the message is due again");
    !once(shape).await.pass
}

/// All of the outbox, once none of it waits.
async fn settled(shape: &Shape) -> Vec<Row> {
    let begun = std::time::Instant::now();
    let mut database = shape.database();
    loop {
        #[derive(QueryableByName)]
        struct Waiting {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let waiting: Waiting = sql_query("SELECT count(*) AS count FROM outbox WHERE status = 'waiting'")
            .get_result(&mut database)
            .expect("the outbox is counted");
        if waiting.count == 0 {
            // Digests are another day's, and what comes in them only is never sent by itself.
            let told = "SELECT id::text AS id, status FROM outbox WHERE query_id IS NOT NULL AND status <> 'digest'";
            return sql_query(told).load(&mut database).expect("the outbox is read");
        }
        assert!(begun.elapsed() < PATIENCE, "{} messages never left", waiting.count);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How often each message, by its id in the outbox, arrived.
fn times(shape: &Shape) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for message in &shape.sink.seen.lock().expect("no holder panics").messages {
        let line = message.lines().find_map(|line| line.strip_prefix("Message-ID: <"));
        let id = line.and_then(|line| line.split('@').next()).expect("a Message-ID");
        *times.entry(id.to_owned()).or_default() += 1;
    }
    times
}

fn messages_of(shape: &Shape, name: &str) -> usize {
    let seen = shape.sink.seen.lock().expect("no holder panics");
    let signed = |message: &&String| {
        message
            .lines()
            .any(|line| line.starts_with("From: ") && line.contains(name))
    };
    seen.messages.iter().filter(signed).count()
}
