//! Settings: from their defaults, a file and variables, in this order. Unknown keys refuse to start.
//!
//! Values are handed down; nothing below reads a setting by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use actix_web::http::uri::Authority;
use ahq_exchange::oidc::provider::ProviderSettings;
use ahq_exchange::scan::Scanner;
use ahq_mail::smtp::Dkim;
use ahq_store::Address;
#[cfg(feature = "s3")]
use ahq_store::files::Bucket;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

mod faults;
mod load;
mod oidc;
mod sections;
mod weak;

pub use self::oidc::OidcConfig;
pub use self::sections::{
    AccountsConfig, AttachmentsConfig, AuditConfig, DatabaseConfig, ExchangeConfig, LogConfig, LogFormat, MailConfig,
    MailSecurity, MailTransport, RetentionConfig, ServerConfig,
};

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
