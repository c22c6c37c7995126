//! Background work: looks at the tables and the clock, does what is due, and waits a second.

use std::time::Duration;

use ahq_exchange::delivery::Sender;
use ahq_exchange::work::Exchange;
use ahq_mail::folder::Folder;
use ahq_mail::outgoing::Mailbox;
use ahq_mail::smtp::{CONNECTIONS, Login, STEP_TIMEOUT, Security, Smtp, SmtpSettings};
use ahq_mail::transport::Transport;
use tokio::sync::watch;

use crate::config::{Config, MailSecurity, MailTransport};
use crate::lifecycle::StartError;

/// How long it waits when nothing is due.
const PAUSE: Duration = Duration::from_secs(1);
/// How long it waits after a fault.
const AFTER_FAULT: Duration = Duration::from_secs(10);
/// How many messages a round takes.
const ROUND: i64 = 20;
/// After how many pauses stored replies are cleared.
const CLEAR_EVERY: u32 = 3_600;

/// What background work needs.
pub struct Worker {
    exchange: Exchange,
    transport: Transport,
    sender: Sender,
}

impl Worker {
    /// The worker of an exchange, with the way its mail leaves.
    ///
    /// # Errors
    /// Settings of mail that cannot be used.
    pub fn new(config: &Config, exchange: Exchange) -> Result<Self, StartError> {
        let mail = &config.mail;
        let transport = match mail.transport {
            MailTransport::Folder => Transport::Folder(Folder::new(&mail.folder)),
            MailTransport::Smtp => {
                let login = match (&mail.user, config.mail_password()?) {
                    (Some(user), Some(password)) => Some(Login {
                        user: user.clone(),
                        password,
                    }),
                    _ => None,
                };
                let settings = SmtpSettings {
                    host: mail.host.clone(),
                    port: mail.port,
                    security: match mail.security {
                        MailSecurity::Plain => Security::Plain,
                        MailSecurity::Starttls => Security::StartTls,
                        MailSecurity::Tls => Security::ImplicitTls,
                    },
                    login,
                    step_timeout: STEP_TIMEOUT,
                    connections: CONNECTIONS,
                };
                let smtp = Smtp::new(settings).map_err(|error| StartError::Other(error.to_string()))?;
                Transport::Smtp(Box::new(smtp))
            }
        };
        Ok(Self {
            exchange,
            transport,
            sender: Sender {
                from: Mailbox::named(&mail.from_name, &mail.from_address),
                domain: mail.domain.clone(),
            },
        })
    }

    /// Delivers all that is due now; gives how many messages left.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn deliver_all(&self) -> Result<usize, ahq_exchange::error::Error> {
        let mut sent = 0;
        loop {
            let round = self.exchange.deliver_due(&self.transport, &self.sender, ROUND).await?;
            sent += round.sent;
            if round.is_empty() {
                return Ok(sent);
            }
        }
    }
}

/// Works until it is told to stop, which it looks at between two rounds.
pub async fn run(worker: Worker, mut stopped: watch::Receiver<bool>) {
    let mut pauses = 0u32;
    while !*stopped.borrow() {
        let round = worker
            .exchange
            .deliver_due(&worker.transport, &worker.sender, ROUND)
            .await;
        let pause = match round {
            Ok(round) if !round.is_empty() => {
                tracing::info!(
                    sent = round.sent,
                    postponed = round.postponed,
                    failed = round.failed,
                    dropped = round.dropped,
                    "mail"
                );
                continue;
            }
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::error!(%error, "background work failed; it will be tried again");
                AFTER_FAULT
            }
        };
        if pauses.is_multiple_of(CLEAR_EVERY)
            && let Err(error) = worker.exchange.clear_replies().await
        {
            tracing::error!(%error, "stored replies could not be cleared");
        }
        pauses = pauses.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}
