//! Settings: from their defaults, a file and variables, in this order. Unknown keys refuse to start.
//!
//! Values are handed down; nothing below reads a setting by itself.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// Variables of the test suite, which are no settings.
const TEST_ONLY: [&str; 2] = ["require_postgres", "postgres_bin"];

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
    /// Worker threads; none for one a core.
    pub workers: Option<usize>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_address: "http://127.0.0.1:8080".to_owned(),
            workers: None,
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
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            transport: MailTransport::Folder,
            folder: PathBuf::from("data/outbox"),
            host: "127.0.0.1".to_owned(),
            port: 25,
            security: MailSecurity::Plain,
            user: None,
            password: None,
            password_file: None,
            from_name: "EMN ad-hoc query exchange".to_owned(),
            from_address: "exchange@example.org".to_owned(),
            domain: "exchange.example.org".to_owned(),
        }
    }
}

/// The exchange's own settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// How many working days ahead a publication is announced to the respondents.
    pub publication_notice_days: i32,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            publication_notice_days: 3,
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

fn without_password<S: Serializer>(address: &str, out: S) -> Result<S::Ok, S::Error> {
    match address
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)))
    {
        Some((scheme, (login, place))) => {
            let user = login.split(':').next().unwrap_or_default();
            out.serialize_str(&format!("{scheme}://{user}:***@{place}"))
        }
        None => out.serialize_str(address),
    }
}

/// Settings that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads the settings: defaults, then the file, then `AHQ_` variables with `__` between section and key.
    ///
    /// # Errors
    /// A file that was named and is not there, unknown keys and bad values, each with where it came from.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(file) = file
            && !file.exists()
        {
            return Err(ConfigError(format!(
                "there is no file {}: name one that is there, or none",
                file.display()
            )));
        }
        let figment = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.unwrap_or_else(|| Path::new(FILE))))
            .merge(Env::prefixed("AHQ_").ignore(&TEST_ONLY).split("__"));
        let config: Self = figment.extract().map_err(|errors| {
            let lines: Vec<String> = errors.into_iter().map(|error| error.to_string()).collect();
            ConfigError(format!("the settings cannot be used:\n  {}", lines.join("\n  ")))
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        let address = &self.server.public_address;
        if !(address.starts_with("http://") || address.starts_with("https://")) || address.ends_with('/') {
            faults.push("server.public_address begins with http:// or https:// and has no slash at its end");
        }
        if self.database.connections == 0 {
            faults.push("database.connections is at least 1");
        }
        if !(0..=60).contains(&self.exchange.publication_notice_days) {
            faults.push("exchange.publication_notice_days is 0 to 60");
        }
        if self.mail.user.is_some() != (self.mail.password.is_some() || self.mail.password_file.is_some()) {
            faults.push("mail.user goes with mail.password or mail.password_file");
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(format!(
                "the settings cannot be used:\n  {}",
                faults.join("\n  ")
            )))
        }
    }

    /// What works, but not for an installation that others reach.
    pub fn weaknesses(&self) -> Vec<&'static str> {
        let mut weak = Vec::new();
        let local = self.server.listen.ip().is_loopback();
        if self.server.public_address.starts_with("http://") && !self.server.public_address.contains("127.0.0.1") {
            weak.push("server.public_address is not https: tokens would travel in the clear");
        }
        if !local {
            weak.push("server.listen is not the loopback: put a proxy that speaks TLS in front");
        }
        let far = !matches!(self.mail.host.as_str(), "127.0.0.1" | "localhost" | "::1");
        if self.mail.transport == MailTransport::Smtp && self.mail.security == MailSecurity::Plain && far {
            weak.push("mail.security is plain to a server elsewhere: use starttls or tls");
        }
        if self.mail.transport == MailTransport::Folder {
            weak.push("mail.transport is folder: nothing leaves this machine");
        }
        if self.mail.from_address.ends_with("@example.org") {
            weak.push("mail.from_address is the example's");
        }
        weak
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ahq.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file))
    }

    #[test]
    fn a_file_changes_what_it_names_and_no_more() {
        let config = load("[server]\nlisten = \"127.0.0.1:9000\"\n[mail]\nsecurity = \"tls\"").unwrap();
        assert_eq!(config.server.listen.port(), 9000);
        assert_eq!(config.mail.security, MailSecurity::Tls);
        assert_eq!(config.database.address, "data/ahq.db");
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_place() {
        for (text, named) in [
            ("[server]\nlissten = \"127.0.0.1:9000\"", "lissten"),
            ("[colour]\nred = 1", "colour"),
            ("[server]\nlisten = \"nowhere\"", "server.listen"),
            ("[database]\nconnections = 0", "database.connections"),
            (
                "[server]\npublic_address = \"ahq.example.org\"",
                "server.public_address",
            ),
            ("[mail]\nuser = \"ahq\"", "mail.user"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        assert!(Config::load(Some(Path::new("/nowhere/ahq.toml"))).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = load(
            "[database]\naddress = \"postgres://ahq:hush@db/ahq\"\nsecret = \"a very long secret indeed\"\n\
             [mail]\nuser = \"ahq\"\npassword = \"hush\"",
        )
        .unwrap();
        let shown = config.shown().unwrap();
        assert!(!shown.contains("hush") && !shown.contains("very long"), "{shown}");
        assert!(shown.contains("postgres://ahq:***@db/ahq"));
        let debugged = format!("{config:?}");
        assert!(
            !debugged.contains("hush") && !debugged.contains("very long"),
            "{debugged}"
        );
    }
}
