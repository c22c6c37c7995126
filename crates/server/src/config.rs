//! Settings: from their defaults, a file and variables, in this order. Unknown keys refuse to start.
//!
//! Values are handed down; nothing below reads a setting by itself.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use actix_web::http::uri::Authority;
use ahq_domain::retention::Retention;
use ahq_exchange::oidc::provider::ProviderSettings;
use ahq_exchange::scan::Scanner;
use ahq_mail::smtp::Dkim;
use ahq_store::Address;
#[cfg(feature = "s3")]
use ahq_store::files::Bucket;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tracing_subscriber::EnvFilter;

mod load;
mod oidc;
mod weak;

pub use self::oidc::OidcConfig;

/// The file that is read when none is named and it is there.
pub const FILE: &str = "ahq.toml";

/// All settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Outgoing mail.
    pub mail: MailConfig,
    /// The exchange's own settings.
    pub exchange: ExchangeConfig,
    /// Accounts and sessions.
    pub accounts: AccountsConfig,
    /// Providers of identities, by their names in addresses: `[oidc.eulogin]`.
    pub oidc: BTreeMap<String, OidcConfig>,
    /// The audit trail.
    pub audit: AuditConfig,
    /// Attachments.
    pub attachments: AttachmentsConfig,
    /// For how long personal data is kept.
    pub retention: RetentionConfig,
    /// The log.
    pub log: LogConfig,
}

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

fn hidden<S: Serializer>(secret: &Option<SecretString>, out: S) -> Result<S::Ok, S::Error> {
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

/// The user of an address of a server, and its host, port and name of the database.
fn login_and_place(address: &str) -> (Option<&str>, &str) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let bare = rest.split_once('?').map_or(rest, |(bare, _)| bare);
    match bare.rsplit_once('@') {
        Some((login, place)) => (login.split(':').next(), place),
        // A question mark in a password, which had to be encoded: what stands before it is part of the password.
        None if rest.contains('@') => (None, "***"),
        None => (None, bare),
    }
}

/// The host of `http://host:port` or `https://host:port`; none where more or less is there.
fn host_of(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let authority: Authority = rest.parse().ok()?;
    let host = authority.host().len();
    (!rest.contains('@') && host > 0).then(|| &rest[..host])
}

/// Whether a text is an address that somebody can write to or read, on one line.
fn is_contact(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_graphic());
    let mail = text.strip_prefix("mailto:").and_then(|mail| mail.split_once('@'));
    let page = text.strip_prefix("https://");
    plain
        && (mail.is_some_and(|(who, at)| !who.is_empty() && !at.is_empty())
            || page.is_some_and(|page| !page.is_empty()))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where the bytes of attachments lie.
#[derive(Debug, Clone)]
pub enum FilesPlace {
    /// In a folder.
    Folder(PathBuf),
    /// In a store that speaks S3.
    #[cfg(feature = "s3")]
    Bucket(Bucket),
}

/// Settings that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// The names of the sections.
    const SECTIONS: [&str; 10] = [
        "server",
        "database",
        "mail",
        "exchange",
        "accounts",
        "oidc",
        "audit",
        "attachments",
        "retention",
        "log",
    ];

    /// Reads the settings: defaults, then the file, then `AHQ_` variables with `__` between section and key.
    ///
    /// # Errors
    /// A file that was named and is not there, and all unknown keys and bad values, each with where it came from.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        load::load(file, variables)
    }

    /// What does not fit together, or is no value for its key.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut hold = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        let (server, mail) = (&self.server, &self.mail);
        hold(
            host_of(&server.public_address).is_some(),
            "server.public_address is http:// or https://, a host, perhaps a port, and no slash at the end",
        );
        hold(
            server
                .metrics
                .is_none_or(|metrics| metrics.port() == 0 || metrics.port() != server.listen.port()),
            "server.metrics has another port than server.listen",
        );
        hold(server.workers != Some(0), "server.workers is at least 1");
        hold(
            server.security_contact.as_deref().is_none_or(is_contact),
            "server.security_contact begins with mailto: or https:// and has no spaces",
        );
        hold(
            (1..=90 * 24).contains(&self.accounts.session_hours),
            "accounts.session_hours is 1 to 2160",
        );
        hold(
            (15..=90 * 24 * 60).contains(&self.accounts.session_idle_minutes),
            "accounts.session_idle_minutes is 15, longer than an access token is good, to 129600",
        );
        hold(self.database.connections > 0, "database.connections is at least 1");
        hold(
            (0..=60).contains(&self.exchange.publication_notice_days),
            "exchange.publication_notice_days is 0 to 60",
        );
        hold(
            mail.password.is_none() || mail.password_file.is_none(),
            "mail.password and mail.password_file are one too many",
        );
        hold(
            mail.user.is_some() == (mail.password.is_some() || mail.password_file.is_some()),
            "mail.user goes with mail.password or mail.password_file",
        );
        hold(
            mail.from_address.split('@').filter(|part| !part.is_empty()).count() == 2,
            "mail.from_address is a mail address",
        );
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        hold(
            !mail.domain.is_empty() && mail.domain.chars().all(plain),
            "mail.domain is the name of a domain",
        );
        hold(
            mail.returned
                .as_ref()
                .is_none_or(|maildir| maildir.join("new").is_dir()),
            "mail.returned is a maildir: a folder with a folder `new`",
        );
        let folder = |file: &PathBuf| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.is_dir(),
            _ => true,
        };
        let kept = &self.retention;
        hold(
            kept.blocked_after_months <= kept.erased_after_months && kept.erased_after_months <= 1_200,
            "retention.blocked_after_months is at most retention.erased_after_months, and that at most 1200",
        );
        hold(
            (1..=3_650).contains(&kept.sign_in_days),
            "retention.sign_in_days is from 1 to 3650",
        );
        hold(
            self.audit.checkpoints.as_ref().is_none_or(folder),
            "audit.checkpoints is a file in a folder that is there",
        );
        hold(
            self.exchange.erasures.as_ref().is_none_or(folder),
            "exchange.erasures is a file in a folder that is there",
        );
        // A message that waits for its turn keeps its lease, which ends before a minute is over, and a worker that is told to stop
        // waits with it, ten seconds at the most.
        hold(
            mail.per_minute == 0 || mail.per_minute >= 12,
            "mail.per_minute is 0 for no limit, or at least 12",
        );
        let named = |name: &Option<String>| {
            name.as_ref()
                .is_none_or(|name| !name.is_empty() && name.chars().all(|c| plain(c) || c == '_'))
        };
        hold(
            named(&mail.dkim_domain) && named(&mail.dkim_selector),
            "mail.dkim_domain and mail.dkim_selector are names of the DNS",
        );
        let dkim = [
            mail.dkim_domain.is_some(),
            mail.dkim_selector.is_some(),
            mail.dkim_key_file.is_some(),
        ];
        hold(
            dkim.iter().all(|set| *set == dkim[0]),
            "mail.dkim_domain, mail.dkim_selector and mail.dkim_key_file go together",
        );
        if let Err(error) = EnvFilter::try_new(&self.log.filter) {
            faults.push(format!(
                "log.filter cannot be read ({error}): write for example `info` or `ahq_exchange=debug,info`"
            ));
        }
        match self.database.address.parse::<Address>() {
            Err(error) => faults.push(format!("database.address: {error}")),
            // A slash too few makes a path of a server's address, and shows the password in it.
            Ok(_) if self.database.address.starts_with("postgres") && self.database.address.contains(":/") => {
                if !self.is_on_a_server() {
                    faults.push("database.address of a server begins with postgres://".to_owned());
                }
            }
            Ok(_) => {}
        }
        if self.is_on_a_server()
            && let Err(error) = self.database_secret()
        {
            faults.push(error.to_string());
        }
        faults.extend(oidc::faults(&self.oidc));
        let authorities = self.mail_authorities().err();
        let (files, scanner) = (self.files().err(), self.scanner().err());
        for unread in [
            self.mail_password().err(),
            self.mail_dkim().err(),
            authorities,
            files,
            scanner,
        ] {
            faults.extend(unread.map(|error| error.to_string()));
        }
        faults
    }

    fn is_on_a_server(&self) -> bool {
        self.database
            .address
            .parse::<Address>()
            .is_ok_and(|address| address.file().is_none())
    }

    /// The settings in force, secrets hidden.
    ///
    /// # Errors
    /// When they cannot be written, which no loaded settings lead to.
    pub fn shown(&self) -> Result<String, ConfigError> {
        serde_json::to_string_pretty(self).map_err(|error| ConfigError(error.to_string()))
    }

    /// The secret the keys on PostgreSQL are encrypted with.
    ///
    /// # Errors
    /// When there is none, or its file cannot be read.
    pub fn database_secret(&self) -> Result<SecretString, ConfigError> {
        let read = secret(&self.database.secret, self.database.secret_file.as_deref())?;
        read.filter(|secret| secret.expose_secret().len() >= 16).ok_or_else(|| {
            ConfigError(
                "on PostgreSQL, set database.secret or database.secret_file to at least 16 characters, the same on all servers"
                    .to_owned(),
            )
        })
    }

    /// How mail is signed, where it is.
    ///
    /// # Errors
    /// When the file of the key cannot be read.
    pub fn mail_dkim(&self) -> Result<Option<Dkim>, ConfigError> {
        let mail = &self.mail;
        let key = secret(&None, mail.dkim_key_file.as_deref())?;
        Ok(match (&mail.dkim_domain, &mail.dkim_selector, key) {
            (Some(domain), Some(selector), Some(key)) => Some(Dkim {
                domain: domain.clone(),
                selector: selector.clone(),
                key,
            }),
            _ => None,
        })
    }

    /// The certificates of further authorities for the mail server, where there are any.
    ///
    /// # Errors
    /// When their file cannot be read.
    pub fn mail_authorities(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|error| ConfigError(format!("{} cannot be read: {error}", file.display())))
        };
        self.mail.ca_file.as_ref().map(read).transpose()
    }

    /// Where the bytes of attachments lie.
    ///
    /// # Errors
    /// A store that is none, or lacks its key.
    pub fn files(&self) -> Result<FilesPlace, ConfigError> {
        let settings = &self.attachments;
        let Some(store) = &settings.store else {
            let address: Option<Address> = self.database.address.parse().ok();
            let file = address.as_ref().and_then(Address::file);
            let beside = file.map(|file| file.with_file_name("attachments"));
            return Ok(FilesPlace::Folder(beside.unwrap_or_else(|| "data/attachments".into())));
        };
        let Some(bucket) = store.strip_prefix("s3://") else {
            return if store.is_empty() || store.contains("://") {
                Err(ConfigError(
                    "attachments.store is a folder, or s3:// with a bucket".to_owned(),
                ))
            } else {
                Ok(FilesPlace::Folder(store.into()))
            };
        };
        self.bucket(bucket)
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(&self, _: &str) -> Result<FilesPlace, ConfigError> {
        Err(ConfigError(
            "attachments.store on S3: this program was built without it; build it with `--features s3`".to_owned(),
        ))
    }

    #[cfg(feature = "s3")]
    fn bucket(&self, bucket: &str) -> Result<FilesPlace, ConfigError> {
        let settings = &self.attachments;
        let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        if name.is_empty() {
            return Err(ConfigError(
                "attachments.store names no bucket: s3://bucket/prefix".to_owned(),
            ));
        }
        let secure =
            |at: &str| at.starts_with("https://") || at.starts_with("http://") && host_of(at).is_some_and(is_loopback);
        if settings.endpoint.as_deref().is_some_and(|at| !secure(at)) {
            return Err(ConfigError(
                "attachments.endpoint begins with https:// (or is http:// on the loopback)".to_owned(),
            ));
        }
        if settings.key.is_some() && settings.key_file.is_some() {
            return Err(ConfigError(
                "attachments.key and attachments.key_file are one too many".to_owned(),
            ));
        }
        let key = secret(&settings.key, settings.key_file.as_deref())?;
        let (Some(key_id), Some(key)) = (settings.key_id.clone(), key) else {
            return Err(ConfigError(
                "attachments.store on S3 goes with attachments.key_id, and attachments.key or attachments.key_file"
                    .to_owned(),
            ));
        };
        Ok(FilesPlace::Bucket(Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: settings.endpoint.clone(),
            region: settings.region.clone(),
            key_id,
            key,
        }))
    }

    /// Who scans attachments, where somebody does.
    ///
    /// # Errors
    /// An address that is none.
    pub fn scanner(&self) -> Result<Option<Scanner>, ConfigError> {
        let parsed = self.attachments.clamd.as_deref().map(str::parse).transpose();
        parsed.map_err(|error: String| ConfigError(format!("attachments.clamd {error}")))
    }

    /// The providers of identities.
    ///
    /// # Errors
    /// When the file of a secret cannot be read.
    pub fn providers(&self) -> Result<Vec<ProviderSettings>, ConfigError> {
        self.oidc.iter().map(|(name, config)| config.settings(name)).collect()
    }

    /// The password at the mail server, where there is one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn mail_password(&self) -> Result<Option<SecretString>, ConfigError> {
        secret(&self.mail.password, self.mail.password_file.as_deref())
    }
}

fn secret(value: &Option<SecretString>, file: Option<&Path>) -> Result<Option<SecretString>, ConfigError> {
    let Some(file) = file else {
        return Ok(value.clone());
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError(format!("{} cannot be read: {error}", file.display())))?;
    Ok(Some(SecretString::from(text.trim().to_owned())))
}
