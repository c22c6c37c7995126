//! What works, but not for an installation that others reach: each with what to do about it.

use std::path::Path;

use ahq_store::Address;
use secrecy::ExposeSecret;

use super::{Config, FilesPlace, MailSecurity, MailTransport, host_of, is_loopback, login_and_place};

impl Config {
    /// What works, but not for an installation that others reach.
    pub fn weaknesses(&self) -> Vec<String> {
        let mut weak = Vec::new();
        self.weak_server(&mut weak);
        self.weak_mail(&mut weak);
        self.weak_accounts(&mut weak);
        self.weak_database(&mut weak);
        self.readable_secrets(&mut weak);
        weak
    }

    fn weak_server(&self, weak: &mut Vec<String>) {
        let mut add = |text: &str| weak.push(text.to_owned());
        let server = &self.server;
        let public = &server.public_address;
        if public.starts_with("http://") && !host_of(public).is_some_and(is_loopback) {
            add(
                "server.public_address is not https: tokens would travel in the clear; put a proxy that speaks TLS in \
                 front and name its address",
            );
        }
        if !server.listen.ip().is_loopback() {
            add("server.listen is not the loopback: put a proxy that speaks TLS in front");
        }
        if server.metrics.is_some_and(|metrics| !metrics.ip().is_loopback()) {
            add("server.metrics is not the loopback: let nobody but Prometheus reach it");
        }
        if server.trusted_proxies.iter().any(|net| net.prefix_len() == 0) {
            add("server.trusted_proxies believes everybody: name the proxies");
        }
        if public.starts_with("https://") && server.trusted_proxies.is_empty() {
            add(
                "server.trusted_proxies is empty: behind a proxy everybody seems to come from its address, and one stranger's \
                 wrong passwords make all others wait; name the proxy's address",
            );
        }
        if server.security_contact.is_none() {
            add(
                "server.security_contact is not set: whoever finds a hole does not know whom to tell; set it to \
                 mailto:security@ your domain",
            );
        }
    }

    fn weak_mail(&self, weak: &mut Vec<String>) {
        let mut add = |text: &str| weak.push(text.to_owned());
        let mail = &self.mail;
        match mail.transport {
            MailTransport::Smtp if mail.security == MailSecurity::Plain && !is_loopback(&mail.host) => {
                add("mail.security is plain to a server elsewhere: use starttls or tls");
            }
            MailTransport::Smtp => {}
            MailTransport::Folder => {
                add("mail.transport is folder: nothing leaves this machine; set it to smtp, and mail.host");
            }
        }
        if mail.from_address.ends_with("@example.org") {
            add("mail.from_address is the example's: set your own, and mail.domain");
        }
    }

    fn weak_accounts(&self, weak: &mut Vec<String>) {
        let mut add = |text: &str| weak.push(text.to_owned());
        if !self.accounts.second_factor {
            add("accounts.second_factor is off: a password alone opens the accounts that see most; turn it on");
        }
        if self.audit.checkpoints.is_none() {
            add(
                "audit.checkpoints is not set: nothing shows that the end of the audit was cut off; name a file on another \
                 machine's disk",
            );
        }
        if self.exchange.erasures.is_none() {
            add(
                "exchange.erasures is not set: restoring a backup brings back what was erased after it was made; name a file \
                 that lies apart from the database and its backups",
            );
        }
        if self.attachments.clamd.is_none() {
            add(
                "attachments.clamd is not set: nothing looks for harmful software in attachments; run clamd and name its \
                 socket",
            );
        }
    }

    fn weak_database(&self, weak: &mut Vec<String>) {
        if !self.is_on_a_server() {
            return;
        }
        let mut add = |text: &str| weak.push(text.to_owned());
        if matches!(self.files(), Ok(FilesPlace::Folder(_))) {
            add("attachments.store is a folder: several servers need a store that they share, such as s3://bucket");
        }
        // A host that begins with a slash, here encoded, is the folder of a socket.
        let (_, place) = login_and_place(&self.database.address);
        let place = format!("http://{}", place.split('/').next().unwrap_or_default());
        let host = host_of(&place).unwrap_or_default();
        if !(host.is_empty() || host.to_lowercase().starts_with("%2f") || is_loopback(host)) {
            if !cfg!(feature = "postgres-tls") {
                add(
                    "database.address is a server elsewhere, and this program was built without TLS: use a tunnel, or build \
                     it with `--features postgres-tls`",
                );
            } else if !self.database.address.contains("sslmode=verify-full") {
                add("database.address is a server elsewhere: add ?sslmode=verify-full, or somebody may stand between");
            }
        }
        let short = |secret: &str| secret.len() < 32;
        if self.database_secret().is_ok_and(|secret| short(secret.expose_secret())) {
            add("database.secret is shorter than 32 characters: make one with `openssl rand -base64 32`");
        }
    }

    /// Files that hold a secret and that others than their owner may read or write.
    fn readable_secrets(&self, weak: &mut Vec<String>) {
        let address: Option<Address> = self.database.address.parse().ok();
        let database = address.as_ref().and_then(Address::file);
        let keys = database.map(|file| file.with_file_name("keys.json"));
        let own = [
            ("database.secret_file", self.database.secret_file.as_deref()),
            ("mail.password_file", self.mail.password_file.as_deref()),
            ("mail.dkim_key_file", self.mail.dkim_key_file.as_deref()),
            ("attachments.key_file", self.attachments.key_file.as_deref()),
            ("the database", database),
            ("the file of keys", keys.as_deref()),
        ];
        let of_providers = self.oidc.iter().map(|(name, provider)| {
            let name = format!("oidc.{name}.client_secret_file");
            (name, provider.client_secret_file.as_deref())
        });
        for (name, file) in own
            .map(|(name, file)| (name.to_owned(), file))
            .into_iter()
            .chain(of_providers)
        {
            if let Some(file) = file.filter(|file| is_open(file)) {
                let file = file.display();
                weak.push(format!("{name} can be read by others than its owner: chmod 600 {file}"));
            }
        }
        if let Ok(FilesPlace::Folder(folder)) = self.files()
            && is_open(&folder)
        {
            let folder = folder.display();
            weak.push(format!(
                "attachments.store can be read by others than its owner: chmod 700 {folder}"
            ));
        }
    }
}

/// Whether everybody on this machine may read or write a file or folder. What a group may is for the operator to say: a secret that
/// another program shares is handed over so.
#[cfg(unix)]
fn is_open(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o006 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
