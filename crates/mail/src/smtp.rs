//! Hands messages to a mail server over SMTP.
//!
//! The conversation is led step by step on lettre's connection, since its ready-made transport says neither at which
//! step it failed nor stops waiting for a silent server. Connections are kept and used again; a message is tried
//! once.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::HeaderName;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::outgoing::Outgoing;
use crate::pace::Pace;
use crate::transport::{Receipt, SendError, SendErrorKind, Stage};

/// How long one step of a conversation may take, unless the settings say otherwise.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections there may be at once, unless the settings say otherwise.
pub const CONNECTIONS: usize = 4;

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: a server on the same machine or network only.
    Plain,
    /// Encrypted after STARTTLS; a server that does not offer it is refused.
    StartTls,
    /// Encrypted from the first byte.
    ImplicitTls,
}

/// How the exchange signs in to the server.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// Which server, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// The server's name or address; certificates are checked against it.
    pub host: String,
    /// Certificates in PEM of authorities that are trusted beside the public ones.
    pub authorities: Option<Vec<u8>>,
    /// The port: 25, 587 or 465.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in, when the server wants that.
    pub login: Option<Login>,
    /// How long one step may take: [`STEP_TIMEOUT`].
    pub step_timeout: Duration,
    /// How many connections there may be at once, at least one: [`CONNECTIONS`].
    pub connections: usize,
    /// How many messages may leave a minute, evenly; 0 for no limit.
    pub per_minute: u32,
    /// How messages are signed, where they are.
    pub dkim: Option<Dkim>,
}

/// The signature of the sender's domain (RFC 6376).
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The domain that signs.
    pub domain: String,
    /// Below which name of it the public key stands.
    pub selector: String,
    /// The private RSA key as PKCS #1 in PEM: what `openssl genrsa -traditional 2048` writes.
    pub key: SecretString,
}

/// What is signed. A name that a message lacks is signed as missing, so that nobody adds it; RFC 8058 wants both
/// headers of a list signed. lettre does not find Content-Type, which it writes with the body: signed, it would fail.
const SIGNED: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

impl Dkim {
    fn config(&self) -> Result<DkimConfig, SettingsError> {
        let key = DkimSigningKey::new(self.key.expose_secret(), DkimSigningAlgorithm::Rsa)
            .map_err(|_| SettingsError("the key for DKIM is no RSA key of PKCS #1 in PEM".to_owned()))?;
        // Relays fold headers and trim lines anew; relaxed, the signature outlives that.
        let relaxed = DkimCanonicalization {
            header: DkimCanonicalizationType::Relaxed,
            body: DkimCanonicalizationType::Relaxed,
        };
        let signed = SIGNED.map(HeaderName::new_from_ascii_str).to_vec();
        Ok(DkimConfig::new(
            self.selector.clone(),
            self.domain.clone(),
            key,
            signed,
            relaxed,
        ))
    }
}

/// The settings of a mail server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the mail server's settings cannot be used: {0}")]
pub struct SettingsError(String);

/// A mail server.
pub struct Smtp {
    settings: SmtpSettings,
    tls: TlsParameters,
    hello: ClientId,
    credentials: Option<Credentials>,
    dkim: Option<DkimConfig>,
    pace: Pace,
    places: Semaphore,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// The server that `settings` name; nothing is opened yet.
    ///
    /// # Errors
    /// A [`SettingsError`] when encryption cannot be set up for the host, the authorities' certificates cannot be read, or the
    /// key for DKIM is none.
    pub fn new(settings: SmtpSettings) -> Result<Self, SettingsError> {
        let mut tls = TlsParameters::builder(settings.host.clone());
        if let Some(authorities) = &settings.authorities {
            let unread = |_| SettingsError("the authorities' certificates cannot be read: PEM is expected".to_owned());
            tls = tls.add_root_certificate(Certificate::from_pem(authorities).map_err(unread)?);
        }
        let tls = tls.build().map_err(|error| SettingsError(error.to_string()))?;
        let credentials = settings
            .login
            .as_ref()
            .map(|login| Credentials::new(login.user.clone(), login.password.expose_secret().to_owned()));
        Ok(Self {
            tls,
            hello: ClientId::default(),
            credentials,
            dkim: settings.dkim.as_ref().map(Dkim::config).transpose()?,
            pace: Pace::new(settings.per_minute),
            places: Semaphore::new(settings.connections.max(1)),
            idle: Mutex::new(Vec::new()),
            settings,
        })
    }

    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        let mut message = outgoing.compose()?;
        self.pace.turn().await;
        if let Some(dkim) = &self.dkim {
            // lettre reads the time of the signature from the clock, so that a repeat has all bytes but this header's
            // in common with the first try.
            message.sign(dkim);
        }
        let bytes = message.formatted();
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|closed| SendError::new(SendErrorKind::Transient, Stage::Connect, &closed.to_string()))?;
        let mut connection = match self.kept_connection().await {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let result = self.converse(&mut connection, message.envelope(), &bytes).await;
        if self.usable_after(&result, &mut connection).await {
            self.idle().push(connection);
        }
        result
            .map(|response| Receipt::new(&written(&response)))
            .map_err(Failed::into_error)
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<Response, Failed> {
        let sender = Mail::new(envelope.from().cloned(), Vec::new());
        self.step(Stage::Sender, connection.command(sender)).await?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            self.step(Stage::Recipient, connection.command(recipient)).await?;
        }
        self.step(Stage::Data, connection.command(Data)).await?;
        self.step(Stage::Body, connection.message(message)).await
    }

    /// After a refusal in words the connection goes on with a fresh start; after silence or a break it is given up.
    async fn usable_after(&self, result: &Result<Response, Failed>, connection: &mut AsyncSmtpConnection) -> bool {
        match result {
            Ok(_) => true,
            Err(failed) if failed.was_answered() => self.step(Stage::Connect, connection.command(Rset)).await.is_ok(),
            Err(_) => false,
        }
    }

    /// A connection left by an earlier message that the server still answers on.
    async fn kept_connection(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle().pop()?;
            if self.step(Stage::Connect, connection.command(Noop)).await.is_ok() {
                return Some(connection);
            }
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SendError> {
        let server = (self.settings.host.as_str(), self.settings.port);
        let tls = match self.settings.security {
            Security::ImplicitTls => Some(self.tls.clone()),
            Security::Plain | Security::StartTls => None,
        };
        let limit = Some(self.settings.step_timeout);
        let mut connection = self
            .step(
                Stage::Connect,
                AsyncSmtpConnection::connect_tokio1(server, limit, &self.hello, tls, None),
            )
            .await
            .map_err(Failed::into_error)?;
        if self.settings.security == Security::StartTls {
            self.step(Stage::Encrypt, connection.starttls(self.tls.clone(), &self.hello))
                .await
                .map_err(Failed::into_error)?;
        }
        if let Some(credentials) = &self.credentials {
            self.step(
                Stage::SignIn,
                connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials),
            )
            .await
            .map_err(Failed::into_error)?;
        }
        Ok(connection)
    }

    async fn step<T>(&self, stage: Stage, work: impl Future<Output = Result<T, SmtpError>>) -> Result<T, Failed> {
        match tokio::time::timeout(self.settings.step_timeout, work).await {
            Ok(result) => result.map_err(|error| Failed {
                stage,
                error: Some(error),
            }),
            Err(_elapsed) => Err(Failed { stage, error: None }),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        // A push or a pop leaves the list whole even if a holder panicked.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step that failed; without an error when the server stayed silent.
struct Failed {
    stage: Stage,
    error: Option<SmtpError>,
}

impl Failed {
    fn was_answered(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.status().is_some())
    }

    fn into_error(self) -> SendError {
        let Some(error) = &self.error else {
            return SendError::new(self.kind(), self.stage, "the server did not answer in time");
        };
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let reply = match (error.status(), cause) {
            (Some(code), cause) => format!("{} {}", u16::from(code), cause.unwrap_or_default()),
            (None, _) => error.to_string(),
        };
        SendError::new(self.kind(), self.stage, &reply)
    }

    /// A refusal in words before MAIL is about the exchange's own settings, and so is 530 (sign in, or encrypt,
    /// first: RFC 4954 and RFC 3207): the operator mends that, and the messages have to wait for it. A message
    /// handed over without a reply may have been taken.
    fn kind(&self) -> SendErrorKind {
        let about_the_message = matches!(self.stage, Stage::Sender | Stage::Recipient | Stage::Data | Stage::Body);
        let code = self.error.as_ref().and_then(SmtpError::status).map(u16::from);
        match code {
            Some(code) if about_the_message && code >= 500 && code != 530 => SendErrorKind::Permanent,
            Some(_) => SendErrorKind::Transient,
            None if self.stage == Stage::Body => SendErrorKind::Uncertain,
            None => SendErrorKind::Transient,
        }
    }
}

/// A reply on one line: `250 2.0.0 queued as 4F2A`.
fn written(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    format!("{} {}", u16::from(response.code()), words.join(" "))
}
