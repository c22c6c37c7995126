//! The sections of the settings, each with its defaults.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ahq_domain::retention::Retention;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::login_and_place;

/// The HTTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address people reach the exchange at; links in mails begin with it.
    pub public_address: String,
    /// Proxies in front, as networks such as `10.0.0.0/8` or `192.0.2.7/32`, that are believed when they say in `X-Forwarded-For`
    /// whom they speak for. Whoever else sends that header is not.
    pub trusted_proxies: Vec<IpNet>,
    /// Worker threads; none for one a core.
    pub workers: Option<usize>,
    /// Address and port that `/metrics` is served on for Prometheus, such as `127.0.0.1:9464`; none for not at all. It asks
    /// nobody who they are: let no balancer lead there. `ahq worker` serves its own figures, so beside `ahq serve` on one
    /// machine it needs another port.
    pub metrics: Option<SocketAddr>,
    /// Whom to tell of a weakness of the exchange, `mailto:security@example.org` or the address of a page: it stands in
    /// `/.well-known/security.txt`. None for no such file.
    pub security_contact: Option<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_address: "http://127.0.0.1:8080".to_owned(),
            trusted_proxies: Vec::new(),
            workers: None,
            metrics: None,
            security_contact: None,
        }
    }
}

/// The database.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// A path for SQLite, or `postgres://user:password@host/name`.
    #[serde(serialize_with = "without_password")]
    pub address: String,
    /// Connections at the most.
    pub connections: u32,
    /// On PostgreSQL: what the exchange's keys are encrypted with in the database. The same on all servers.
    #[serde(serialize_with = "hidden")]
    pub secret: Option<SecretString>,
    /// On PostgreSQL: a file that holds the secret.
    pub secret_file: Option<PathBuf>,
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("DatabaseConfig")
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            address: "data/ahq.db".to_owned(),
            connections: 8,
            secret: None,
            secret_file: None,
        }
    }
}

/// How mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// Into a folder of `.eml` files.
    Folder,
    /// To a mail server.
    Smtp,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// Not at all.
    Plain,
    /// By STARTTLS, which the server has to offer.
    Starttls,
    /// By TLS from the start.
    Tls,
}

/// Outgoing mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// How mail leaves.
    pub transport: MailTransport,
    /// The folder.
    pub folder: PathBuf,
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// A file of certificates (PEM) of authorities that are trusted beside the public ones: an organisation's own.
    pub ca_file: Option<PathBuf>,
    /// Who signs in there.
    pub user: Option<String>,
    /// With which password.
    #[serde(serialize_with = "hidden")]
    pub password: Option<SecretString>,
    /// A file that holds the password.
    pub password_file: Option<PathBuf>,
    /// The name of the sender.
    pub from_name: String,
    /// The address of the sender.
    pub from_address: String,
    /// The domain of Message-IDs.
    pub domain: String,
    /// How many messages each worker hands to the mail server a minute, evenly; 0 for no limit.
    pub per_minute: u32,
    /// The domain that signs mail (DKIM), where the mail server does not do that.
    pub dkim_domain: Option<String>,
    /// The name below `_domainkey` of that domain where the public key stands.
    pub dkim_selector: Option<String>,
    /// The file of the private key, as `openssl genrsa -traditional 2048` writes it.
    pub dkim_key_file: Option<PathBuf>,
    /// The maildir to which a mail server delivers what comes to the sender's address: returned messages are read from there.
    pub returned: Option<PathBuf>,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            transport: MailTransport::Folder,
            folder: PathBuf::from("data/outbox"),
            host: "127.0.0.1".to_owned(),
            port: 25,
            security: MailSecurity::Plain,
            ca_file: None,
            user: None,
            password: None,
            password_file: None,
            from_name: "EMN ad-hoc query exchange".to_owned(),
            from_address: "exchange@example.org".to_owned(),
            domain: "exchange.example.org".to_owned(),
            per_minute: 60,
            dkim_domain: None,
            dkim_selector: None,
            dkim_key_file: None,
            returned: None,
        }
    }
}

/// The exchange's own settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// How many working days ahead a publication is announced to the respondents.
    pub publication_notice_days: i32,
    /// A file that the worker adds a line to for each erasure that was carried out, and that `ahq restore` reads, so that an
    /// older backup does not bring a text back; none for not at all. It lies where the database and its backups do not.
    pub erasures: Option<PathBuf>,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            publication_notice_days: 3,
            erasures: None,
        }
    }
}

/// Accounts and sessions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    /// How many hours a session lasts at the most.
    pub session_hours: u32,
    /// After how many minutes without being used it ends.
    pub session_idle_minutes: u32,
    /// Whether the service provider's users, the coordinators of the Commission and all users of an office that asks for it
    /// need a second factor. Off for demonstrations and tests only.
    pub second_factor: bool,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            session_hours: 7 * 24,
            session_idle_minutes: 12 * 60,
            second_factor: true,
        }
    }
}

/// For how long personal data is kept. What was asked and answered, and by which office, is no personal data and stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Months after the end of a query from which on nobody but the service provider's coordinators is shown who drafted,
    /// contributed, was asked and was mailed to.
    pub blocked_after_months: u32,
    /// Months after the end of a query from which on the worker erases that.
    pub erased_after_months: u32,
    /// Days for which ended sessions and tokens, invitations and refused sign-ins are kept.
    pub sign_in_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        let kept = Retention::default();
        Self {
            blocked_after_months: kept.blocked_after_months,
            erased_after_months: kept.erased_after_months,
            sign_in_days: kept.sign_in_days,
        }
    }
}

impl From<&RetentionConfig> for Retention {
    fn from(config: &RetentionConfig) -> Self {
        Self {
            blocked_after_months: config.blocked_after_months,
            erased_after_months: config.erased_after_months,
            sign_in_days: config.sign_in_days,
        }
    }
}

/// The audit trail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// A file that the worker adds a signed checkpoint of the audit's chain to each day; none for not at all. It lies where
    /// whoever can write to the database cannot: another machine's disk, a medium that takes each line once.
    pub checkpoints: Option<PathBuf>,
}

/// Attachments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentsConfig {
    /// Where their bytes lie: a folder, or `s3://bucket/prefix` for a store that speaks S3, which several servers need; none
    /// for the folder `attachments` beside SQLite's file, or in `data`.
    pub store: Option<String>,
    /// With S3: the address of the service, `https://host`; none for Amazon's in the region.
    pub endpoint: Option<String>,
    /// With S3: the region.
    pub region: String,
    /// With S3: the id of the key.
    pub key_id: Option<String>,
    /// With S3: the key.
    #[serde(serialize_with = "hidden")]
    pub key: Option<SecretString>,
    /// With S3: a file that holds the key.
    pub key_file: Option<PathBuf>,
    /// Where clamd listens, `unix:/path/of/its/socket` or `tcp:host:port`; none for no scan. Where it is set, a file that
    /// clamd has not called clean is refused.
    pub clamd: Option<String>,
}

impl Default for AttachmentsConfig {
    fn default() -> Self {
        Self {
            store: None,
            endpoint: None,
            region: "eu-central-1".to_owned(),
            key_id: None,
            key: None,
            key_file: None,
            clamd: None,
        }
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// How it is written.
    pub format: LogFormat,
    /// What is written: `info`, `ahq_exchange=debug,info`, …
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

pub(super) fn hidden<S: Serializer>(secret: &Option<SecretString>, out: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| "***").serialize(out)
}

/// The address of a database for people: whose and where, without its password and without its parameters.
fn without_password<S: Serializer>(address: &str, out: S) -> Result<S::Ok, S::Error> {
    let Some((scheme, _)) = address.split_once("://") else {
        return out.serialize_str(address);
    };
    match login_and_place(address) {
        (Some(user), place) => out.serialize_str(&format!("{scheme}://{user}:***@{place}")),
        (None, place) => out.serialize_str(&format!("{scheme}://{place}")),
    }
}
