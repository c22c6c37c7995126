//! The suite that speaks HTTP to the real program, on SQLite and on PostgreSQL; callers differ only in who they are.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod accounts;
mod approvals;
mod archive;
mod attachments;
mod audit;
mod calendar;
mod circles;
mod clarifications;
mod concurrency;
mod contributions;
mod corrections;
mod deadlines;
mod documents;
mod erasures;
mod exports;
mod feeds;
mod headers;
mod health;
mod holds;
mod keys;
mod life;
mod mail;
mod oidc;
mod openapi;
mod persons;
mod problems;
mod queries;
mod reminders;
mod retention;
mod scenario;
mod second_factors;
mod sign_in;
mod statements;
mod summaries;
mod tokens;
mod unsubscriptions;
mod unused;
mod user_lists;
mod word;
mod word_form;
mod workbook;

/// One test for each database from one text: `on_both!(name, |app| { … })`; with a function that starts the program before
/// the name, where it has settings of its own.
#[macro_export]
macro_rules! on_both {
    ($name:ident, |$app:ident| $body:block) => {
        $crate::on_both!(@ ahq_harness::App::start, $name, |$app| $body);
    };
    ($start:ident, $name:ident, |$app:ident| $body:block) => {
        $crate::on_both!(@ $start, $name, |$app| $body);
    };
    (@ $start:path, $name:ident, |$app:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn run(database: ahq_harness::Database) {
                let Some($app) = $start(database).await else {
                    return;
                };
                $body
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(ahq_harness::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(ahq_harness::Database::Postgres).await;
            }
        }
    };
}
