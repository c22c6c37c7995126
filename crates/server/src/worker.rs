//! Background work: looks at the tables and the clock, does what is due, and waits a second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ahq_domain::clock;
use ahq_exchange::audit::LOOK_BACK;
use ahq_exchange::delivery::{Round, Sender};
use ahq_exchange::error::Error;
use ahq_exchange::work::Exchange;
use ahq_mail::folder::Folder;
use ahq_mail::outgoing::Mailbox;
use ahq_mail::smtp::{CONNECTIONS, Login, STEP_TIMEOUT, Security, Smtp, SmtpSettings};
use ahq_mail::transport::Transport;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::audit;
use crate::config::{Config, MailSecurity, MailTransport};
use crate::erasures;
use crate::lifecycle::StartError;
use crate::maildir::Maildir;
use crate::metrics::Metrics;
use crate::survive::survive;

/// How long it waits when nothing is due.
const PAUSE: Duration = Duration::from_secs(1);
/// How long it waits at the most after faults in a row; the pause doubles with each.
const LONGEST_PAUSE: Duration = Duration::from_secs(64);
/// How many messages a round claims: each gets the whole lease for itself, and one that fails holds up no other.
const ROUND: i64 = 1;
/// How often stored replies are cleared.
const CLEAR_EVERY: Duration = Duration::from_secs(3_600);
/// How often it looks for reminders and digests whose day has come, and for mail that came back.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How often every event of the audit is looked at for a number, and not only the latest ones.
const SEAL_ALL_EVERY: Duration = Duration::from_secs(3_600);

/// What background work needs.
pub struct Worker {
    exchange: Exchange,
    checkpoints: Option<PathBuf>,
    erasures: Option<PathBuf>,
    transport: Transport,
    sender: Sender,
    returned: Option<Maildir>,
}

/// When what is not looked for at each turn is looked for next.
struct Next {
    clear: Instant,
    look: Instant,
}

/// What was done in one turn.
#[derive(Debug, Clone, Copy)]
struct Turn {
    round: Round,
    /// Whether a document of an export was made.
    made: bool,
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
                    authorities: config.mail_authorities()?,
                    port: mail.port,
                    security: match mail.security {
                        MailSecurity::Plain => Security::Plain,
                        MailSecurity::Starttls => Security::StartTls,
                        MailSecurity::Tls => Security::ImplicitTls,
                    },
                    login,
                    step_timeout: STEP_TIMEOUT,
                    connections: CONNECTIONS,
                    per_minute: mail.per_minute,
                    dkim: config.mail_dkim()?,
                };
                let smtp = Smtp::new(settings).map_err(|error| StartError::Other(error.to_string()))?;
                Transport::Smtp(Box::new(smtp))
            }
        };
        Ok(Self {
            exchange,
            checkpoints: config.audit.checkpoints.clone(),
            erasures: config.exchange.erasures.clone(),
            transport,
            sender: Sender {
                from: Mailbox::named(&mail.from_name, &mail.from_address),
                domain: mail.domain.clone(),
            },
            returned: mail.returned.clone().map(Maildir::new),
        })
    }

    /// Clears what is over, warns of tokens that end and erases personal data whose time is, where an hour has passed, writes the reminders and digests that are due, takes in mail that
    /// came back and keeps the list of erasures, where a minute has, delivers one message that is due, and makes one document of an export that lacks some.
    async fn turn(&self, next: &mut Next) -> Result<Turn, Error> {
        if next.clear <= Instant::now() {
            next.clear = Instant::now() + CLEAR_EVERY;
            self.exchange.clear_replies().await?;
            self.exchange.clear_exports().await?;
            // Files may lie elsewhere: what is due in the tables does not wait for that.
            match self.exchange.collect_files().await {
                Ok(0) => {}
                Ok(taken) => tracing::info!(taken, "files of attachments that nothing names were removed"),
                Err(error) => tracing::warn!(%error, "files of attachments that nothing names were not looked for"),
            }
            self.exchange.apply_retention().await?;
            self.exchange.warn_of_tokens().await?;
            match self.exchange.disable_unused().await? {
                0 => {}
                disabled => tracing::info!(disabled, "accounts that nobody used"),
            }
            self.exchange.ask_for_user_lists().await?;
            match self.exchange.retire_keys().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("a signing key was retired"),
                Err(error) => tracing::warn!(%error, "signing keys that are over were not retired"),
            }
        }
        if next.look <= Instant::now() {
            self.exchange.remind().await?;
            self.exchange.write_digests().await?;
            if let Some(maildir) = &self.returned {
                maildir.take_all(&self.exchange, &self.sender.domain).await?;
            }
            // The list may lie elsewhere: what is due in the tables does not wait for that.
            if let Some(file) = &self.erasures
                && let Err(error) = erasures::keep(&self.exchange, file).await
            {
                tracing::error!(%error, "the list of erasures is not kept; it will be tried again");
            }
            next.look = Instant::now() + LOOK_EVERY;
        }
        Ok(Turn {
            round: self.exchange.deliver_due(&self.transport, &self.sender, ROUND).await?,
            made: self.exchange.make_export().await?,
        })
    }

    /// Delivers all that is due now; gives how many messages left.
    ///
    /// # Errors
    /// What the tables refuse.
    pub async fn deliver_all(&self) -> Result<usize, Error> {
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

/// Works until it is told to stop, which it looks at between two turns.
pub async fn run(worker: Worker, metrics: Arc<Metrics>, stopped: watch::Receiver<bool>) {
    // The audit does not wait for a mail server.
    tokio::join!(work(&worker, &metrics, stopped.clone()), seal(&worker, stopped));
}

/// Gives the events of the audit their numbers, each second, and keeps the checkpoint of the day.
async fn seal(worker: &Worker, mut stopped: watch::Receiver<bool>) {
    let (mut pause, mut sealer) = (PAUSE, Sealer::new());
    while !*stopped.borrow() {
        match survive(sealer.turn(&worker.exchange, worker.checkpoints.as_deref())).await {
            Some(Ok(())) => pause = PAUSE,
            failed => {
                let error = match failed {
                    Some(Err(error)) => error,
                    _ => "a panic".to_owned(),
                };
                // Told once, not at every try.
                if pause == PAUSE {
                    tracing::error!(error, "the audit is not numbered; it will be tried again");
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// What is known from the turns before: all of it is found anew where nothing is.
struct Sealer {
    /// When the last pass began, by the exchange's clock.
    passed: Option<clock::Instant>,
    /// When all events are looked at next.
    all: Option<Instant>,
    /// When it is looked for the checkpoint of the day next.
    checkpoint: Option<Instant>,
    /// Whether it could be kept the last time.
    kept: bool,
}

impl Sealer {
    fn new() -> Self {
        Self {
            passed: None,
            all: None,
            checkpoint: None,
            kept: true,
        }
    }

    async fn turn(&mut self, exchange: &Exchange, checkpoints: Option<&Path>) -> Result<(), String> {
        let (begun, now) = (exchange.clock().now(), Instant::now());
        let all = self.all.is_none_or(|next| next <= now);
        let since = self.passed.filter(|_| !all).map(|passed| passed - LOOK_BACK);
        exchange.seal_audit(since).await.map_err(|error| error.to_string())?;
        self.passed = Some(begun);
        if all {
            self.all = Some(now + SEAL_ALL_EVERY);
        }
        if let Some(file) = checkpoints
            && self.checkpoint.is_none_or(|next| next <= now)
        {
            let kept = audit::keep_daily(exchange, file).await;
            // Numbers go on without it. Told once, not at every try.
            if let (Err(error), true) = (&kept, self.kept) {
                tracing::error!(%error, "the checkpoint of the audit is not kept; it will be tried again");
            }
            self.checkpoint = (!matches!(kept, Ok(false))).then(|| now + LOOK_EVERY);
            self.kept = kept.is_ok();
        }
        Ok(())
    }
}

async fn work(worker: &Worker, metrics: &Metrics, mut stopped: watch::Receiver<bool>) {
    let (mut told, mut pause) = (Round::default(), PAUSE);
    let mut next = Next {
        clear: Instant::now(),
        look: Instant::now(),
    };
    while !*stopped.borrow() {
        let turned = survive(worker.turn(&mut next)).await;
        metrics.tick(turned.as_ref().and_then(|turn| Some(turn.as_ref().ok()?.round)));
        match turned {
            Some(Ok(turn)) if turn.made || !turn.round.is_empty() => {
                add(&mut told, turn.round);
                continue;
            }
            Some(Ok(_)) => {
                if pause > PAUSE {
                    tracing::info!("background work goes on");
                    pause = PAUSE;
                }
            }
            failed => {
                let error = match failed {
                    Some(Err(error)) => error.to_string(),
                    _ => "a panic".to_owned(),
                };
                // Told once, not at every try.
                if pause == PAUSE {
                    tracing::error!(error, "background work failed; it will be tried again");
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        if !told.is_empty() {
            let Round {
                sent,
                postponed,
                failed,
                dropped,
            } = std::mem::take(&mut told);
            tracing::info!(sent, postponed, failed, dropped, "mail");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}

fn add(sum: &mut Round, round: Round) {
    sum.sent += round.sent;
    sum.postponed += round.postponed;
    sum.failed += round.failed;
    sum.dropped += round.dropped;
}
