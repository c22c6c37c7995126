//! The program as an operator meets it: backed up while it serves, restored, and watched by its figures.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod attachments;
mod audit;
mod backup;
mod keys;
mod metrics;
#[path = "../../../../tests/harness/src/postgres.rs"]
pub mod postgres;

use ahq_domain::office::OfficeCode;
use ahq_domain::user::Role;
use ahq_exchange::credentials::Credentials;
use ahq_exchange::users::UserInput;
use ahq_server::config::Config;
use ahq_server::data::Network;
use ahq_server::lifecycle::{self, Parts, Running};
use ahq_server::system;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::Path;

const PASSWORD: &str = "correct horse battery staple";
const MAIL: &str = "anna@example.org";

/// The settings of a program on this database, whose mail leaves into a folder.
fn parts(database: &str, folder: &Path) -> Parts {
    let mut config = Config::default();
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.listen = anywhere;
    config.server.metrics = Some(anywhere);
    config.server.workers = Some(1);
    config.database.address = database.to_owned();
    config.database.secret = Some(SecretString::from("a secret for tests only"));
    config.mail.folder = folder.join("outbox");
    config.attachments.store = Some(folder.join("attachments").display().to_string());
    Parts {
        config,
        clock: system::clock(),
        randomness: system::randomness(),
    }
}

/// A program at work, with the network's data and one user.
async fn started(parts: &Parts, with_worker: bool) -> Running {
    let (store, _) = lifecycle::open(&parts.config, true).await.unwrap();
    store.close().await;
    let running = lifecycle::start(parts.clone(), with_worker).await.unwrap();
    let network = Network::embedded().unwrap();
    running
        .exchange()
        .write(Credentials::System, move |work| {
            work.import_network(&network.offices, &network.topics, &network.holidays)
        })
        .await
        .unwrap();
    let office: OfficeCode = "LU".parse().unwrap();
    let user = UserInput {
        name: "Anna Muster".to_owned(),
        email: MAIL.to_owned(),
        role: Role::Coordinator,
    };
    running
        .exchange()
        .add_user(office, user, PASSWORD.to_owned())
        .await
        .unwrap();
    running
}

/// The status of a sign-in with this password.
async fn sign_in(running: &Running, password: &str) -> u16 {
    let body = serde_json::json!({"email": MAIL, "password": password});
    let address = format!("http://{}/api/v1/session", running.address());
    let reply = reqwest::Client::new().post(address).json(&body).send().await.unwrap();
    reply.status().as_u16()
}

/// Runs each test on both databases, with the addresses of two that are empty and a folder.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let folder = tempfile::tempdir().unwrap();
                let file = |name: &str| folder.path().join(name).join("ahq.db").display().to_string();
                super::$test(&file("old"), &file("new"), folder.path()).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(server) = crate::postgres::server() {
                    let folder = tempfile::tempdir().unwrap();
                    super::$test(&server.database(), &server.database(), folder.path()).await;
                }
            }
        )+}
    };
}
use on_both;
