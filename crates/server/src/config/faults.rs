//! What cannot be used as it is set, each with what would be right.

use std::path::PathBuf;

use ahq_store::Address;
use tracing_subscriber::EnvFilter;

use super::{Config, host_of, oidc};

impl Config {
    /// What does not fit together, or is no value for its key.
    pub(super) fn faults(&self) -> Vec<String> {
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
