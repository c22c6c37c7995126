//! The access matrix and the canary on both databases.

use ahq_harness::Database;
use ahq_harness::goal::Goal;

/// Prints the goal, and fails with what is wrong.
fn hold(found: Option<(Goal, Vec<String>)>) {
    let Some((goal, wrong)) = found else {
        return;
    };
    goal.print();
    assert!(goal.pass, "{}", wrong.join("\n"));
}

macro_rules! on_both {
    ($part:ident) => {
        mod $part {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::hold(ahq_tests_access::$part::run(super::Database::Sqlite, false).await);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::hold(ahq_tests_access::$part::run(super::Database::Postgres, false).await);
            }
        }
    };
}

on_both!(matrix);
on_both!(canary);
