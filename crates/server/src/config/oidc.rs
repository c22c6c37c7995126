//! The settings of providers of identities.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use ahq_domain::identity::Assurance;
use ahq_exchange::oidc::provider::{Authorities, ProviderSettings, is_safe};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::sections::hidden;
use super::{ConfigError, secret};

/// A provider of identities (OpenID Connect), through which people may sign in too. At it, the exchange is a client of the
/// authorization code flow that is sent back to `<server.public_address>/oidc/<name>/callback`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// What people know it by.
    pub label: String,
    /// The address it signs with, below which it describes itself at `.well-known/openid-configuration`: https, letter for
    /// letter as it writes it.
    pub issuer: String,
    /// A file of certificates (PEM) of the authorities that sign its own, trusted for it in the place of the public ones: an
    /// organisation's own.
    pub ca_file: Option<PathBuf>,
    /// What it calls the exchange.
    pub client_id: String,
    /// What the exchange proves to it who it is with; none for a public client.
    #[serde(serialize_with = "hidden")]
    pub client_secret: Option<SecretString>,
    /// A file that holds the secret.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked of it beside `openid`; nothing more is needed.
    pub scopes: Vec<String>,
    /// How it has to have signed people in: one of these classes (`acr`) has to stand in its token; empty for any.
    pub acr_values: Vec<String>,
    /// How many seconds ago people may have signed in there at the most; none for however long.
    pub max_age: Option<u32>,
    /// Whether one of `acr_values` stands for the second factor too.
    pub second_factor: bool,
}

impl OidcConfig {
    /// The settings as the exchange takes them.
    ///
    /// # Errors
    /// When the file of the secret or of the authorities cannot be read.
    pub(super) fn settings(&self, name: &str) -> Result<ProviderSettings, ConfigError> {
        let authorities = |file: &PathBuf| {
            let fault = |fault: &dyn Display| ConfigError(format!("{} {fault}", file.display()));
            let text = std::fs::read(file).map_err(|error| fault(&format_args!("cannot be read: {error}")))?;
            Authorities::from_pem(&text).map_err(|wrong| fault(&wrong))
        };
        Ok(ProviderSettings {
            name: name.to_owned(),
            label: self.label.clone(),
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: secret(&self.client_secret, self.client_secret_file.as_deref())?,
            scopes: self.scopes.clone(),
            assurance: Assurance {
                acr_values: self.acr_values.clone(),
                max_age: self.max_age.map(|seconds| chrono::Duration::seconds(seconds.into())),
                second_factor: self.second_factor,
            },
            authorities: self.ca_file.as_ref().map(authorities).transpose()?,
        })
    }
}

/// What does not fit together.
pub(super) fn faults(providers: &BTreeMap<String, OidcConfig>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, config) in providers {
        let mut hold = |holds: bool, fault: &str| {
            if !holds {
                faults.push(format!("oidc.{name}{fault}"));
            }
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        hold(
            !name.is_empty() && name.len() <= 40 && name.chars().all(plain) && name != "providers",
            " is named with small letters, digits and hyphens, 40 at the most, and not `providers`",
        );
        hold(
            !config.label.trim().is_empty() && !config.label.chars().any(char::is_control),
            ".label says what people know it by",
        );
        let issuer = config.issuer.parse().is_ok_and(|address| is_safe(&address));
        hold(
            issuer && !config.issuer.contains(['?', '#', '@']),
            ".issuer begins with https:// (or is http:// on the loopback)",
        );
        hold(
            !config.client_id.is_empty(),
            ".client_id is what the provider calls the exchange",
        );
        hold(
            config.client_secret.is_none() || config.client_secret_file.is_none(),
            ".client_secret and client_secret_file are one too many",
        );
        hold(
            !config.second_factor || !config.acr_values.is_empty(),
            ".second_factor goes with acr_values: without one of them nothing says that there was a second factor",
        );
        let same = |(other, there): (&String, &OidcConfig)| other < name && there.issuer == config.issuer;
        hold(!providers.iter().any(same), ".issuer is another provider's already");
        if let Err(error) = config.settings(name) {
            faults.push(error.to_string());
        }
    }
    faults
}
