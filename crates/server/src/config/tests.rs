use super::super::*;

/// Loads from the text of a file and from variables.
fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ahq.toml");
    std::fs::write(&file, text).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    super::load(Some(&file), variables)
}

fn fault(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).unwrap_err().to_string()
}

#[test]
fn a_file_changes_what_it_names_and_a_variable_wins() {
    let text = "[server]\nlisten = \"127.0.0.1:9000\"\nworkers = 3\n[mail]\nsecurity = \"tls\"\n[log]";
    let config = load(text, &[("AHQ_SERVER__WORKERS", "4"), ("HOME", "/root")]).unwrap();
    assert_eq!(config.server.listen.port(), 9000);
    assert_eq!(config.server.workers, Some(4));
    assert_eq!(config.mail.security, MailSecurity::Tls);
    assert_eq!(config.database.address, "data/ahq.db");
    assert!(Config::load(Some(Path::new("/nowhere/ahq.toml"))).is_err());
}

#[test]
fn each_section_is_known() {
    let shown: serde_json::Value = serde_json::from_str(&Config::default().shown().unwrap()).unwrap();
    let sections: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let mut named = Config::SECTIONS.to_vec();
    named.sort_unstable();
    assert_eq!(sections, named);
}

#[test]
fn a_variable_is_the_text_it_is() {
    for password in [
        "12345678901234567890",
        "true",
        "{a=1}",
        "[x",
        "\"quoted\"",
        " with space ",
    ] {
        let config = load("", &[("AHQ_MAIL__USER", "ahq"), ("AHQ_MAIL__PASSWORD", password)]).unwrap();
        assert_eq!(config.mail.password.unwrap().expose_secret(), password);
    }
    let config = load("", &[("AHQ_DATABASE__CONNECTIONS", "16"), ("AHQ_SERVER__WORKERS", "2")]).unwrap();
    assert_eq!((config.database.connections, config.server.workers), (16, Some(2)));
    assert!(load("", &[("AHQ_REQUIRE_POSTGRES", "1")]).is_ok());
}

#[test]
fn all_faults_come_at_once_with_their_place() {
    let text = "colour = 1\n[server]\nlissten = \"x\"\nlisten = \"nowhere\"\n[database]\nconnections = 0\n[rules]";
    let said = fault(text, &[("AHQ_LOG__FORMAT", "xml"), ("AHQ_DATABASE_ADDRESS", "x")]);
    for named in [
        "colour in /",
        "server.lissten in /",
        "server.listen is the nearest",
        "server.listen in /",
        "ahq.toml",
        "database.connections is at least 1",
        "rules in /",
        "log.format in the variable AHQ_LOG__FORMAT: unknown variant: found `xml`",
        "database_address in the variable AHQ_DATABASE_ADDRESS: there is no such setting; database.address is",
    ] {
        assert!(said.contains(named), "{named} is not in: {said}");
    }
}

#[test]
fn what_cannot_go_together_is_named() {
    for (text, named) in [
        (
            "[server]\npublic_address = \"ahq.example.org\"",
            "server.public_address",
        ),
        ("[server]\npublic_address = \"https://x/\"", "server.public_address"),
        ("[server]\nworkers = 0", "server.workers"),
        ("[server]\nmetrics = \"127.0.0.1:8080\"", "server.metrics"),
        ("[server]\nworkers = -1", "server.workers in /"),
        ("[mail]\nuser = \"ahq\"", "mail.user"),
        (
            "[mail]\nuser = \"a\"\npassword = \"b\"\npassword_file = \"c\"",
            "mail.password",
        ),
        ("[mail]\ndomain = \"a b\"", "mail.domain"),
        ("[mail]\nper_minute = 11", "mail.per_minute"),
        ("[mail]\ndkim_selector = \"ahq\"", "mail.dkim_domain"),
        (
            "[mail]\ndkim_selector = \"a b\"\ndkim_domain = \"example.org\"\ndkim_key_file = \"Cargo.toml\"",
            "names of the DNS",
        ),
        (
            "[mail]\ndkim_selector = \"ahq\"\ndkim_domain = \"example.org\"\ndkim_key_file = \"no-such-file\"",
            "no-such-file",
        ),
        ("[mail]\nfrom_address = \"nobody\"", "mail.from_address"),
        ("[mail]\nca_file = \"no-such-file\"", "no-such-file"),
        ("[mail]\nreturned = \"src\"", "mail.returned"),
        ("[log]\nfilter = \"a=b=c\"", "log.filter"),
        ("[exchange]\npublication_notice_days = 61", "publication_notice_days"),
        ("[database]\naddress = \"mysql://x\"", "database.address"),
        ("[database]\naddress = \"postgres:/u:hush@h/x\"", "database.address"),
        ("[database]\naddress = \"postgres://h/x\"", "database.secret"),
        (
            "[database]\naddress = \"postgres://h/x\"\nsecret = \"short\"",
            "database.secret",
        ),
        (
            "[database]\naddress = \"postgres://h/x\"\nsecret_file = \"/nowhere/s\"",
            "/nowhere/s",
        ),
    ] {
        let said = fault(text, &[]);
        assert!(said.contains(named) && !said.contains("hush"), "{text}: {said}");
    }
}

#[test]
fn a_wrong_secret_is_not_repeated() {
    for text in [
        "[database]\nsecret = 314159265",
        "[database]\nsecret = \"314159265",
        "[database]\naddress = 314159265",
        "[mail]\nuser = \"ahq\"\npassword = [\"314159265\"]",
    ] {
        let said = fault(text, &[]);
        assert!(!said.contains("314159265") && said.contains("ahq.toml"), "{said}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let config = load(
        "[database]\naddress = \"postgres://ahq:hu@sh@db/ahq?password=hush\"\nsecret = \"a very long secret indeed\"\n\
         [mail]\nuser = \"ahq\"\npassword = \"hush\"",
        &[],
    )
    .unwrap();
    for text in [config.shown().unwrap(), format!("{config:?}")] {
        assert!(!text.contains("sh@") && !text.contains("hush"), "{text}");
        assert!(!text.contains("very long"), "{text}");
    }
    assert!(config.shown().unwrap().contains("postgres://ahq:***@db/ahq"));
}

#[test]
fn what_is_weak_is_said() {
    let weak = |text: &str| load(text, &[]).unwrap().weaknesses().join("\n");
    assert!(!weak("").contains("public_address"));
    assert!(!weak("[server]\nmetrics = \"127.0.0.1:9464\"").contains("server.metrics"));
    for host in ["http://localhost:8080", "http://[::1]:8080", "https://ahq.example.org"] {
        let text = format!("[server]\npublic_address = \"{host}\"");
        assert!(!weak(&text).contains("public_address"), "{host}");
    }
    for (text, named) in [
        (
            "[server]\npublic_address = \"http://127.0.0.1.example.org\"",
            "public_address",
        ),
        ("[server]\nlisten = \"0.0.0.0:8080\"", "server.listen"),
        (
            "[server]\npublic_address = \"https://ahq.example.org\"",
            "server.trusted_proxies",
        ),
        ("[server]\nmetrics = \"0.0.0.0:9464\"", "server.metrics"),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"mail.example.org\"",
            "mail.security",
        ),
        ("", "mail.transport"),
        ("", "server.security_contact"),
        ("[accounts]\nsecond_factor = false", "accounts.second_factor"),
        ("", "mail.from_address"),
        (
            "[database]\naddress = \"postgres://u@db.example.org/x\"\nsecret = \"sixteen letters.\"",
            "database.address",
        ),
        (
            "[database]\naddress = \"postgres://u@localhost/x\"\nsecret = \"sixteen letters.\"",
            "database.secret",
        ),
    ] {
        assert!(weak(text).contains(named), "{text}: {}", weak(text));
    }
    let behind = "[server]\npublic_address = \"https://ahq.example.org\"\ntrusted_proxies = [\"127.0.0.1/32\"]";
    assert!(!weak("").contains("trusted_proxies") && !weak(behind).contains("trusted_proxies"));
    let contact = "[server]\nsecurity_contact = \"mailto:security@example.org\"";
    assert!(!weak(contact).contains("security_contact"));
    let local = "[database]\naddress = \"postgres://ahq@%2Frun%2Fpostgresql/x\"\nsecret = \"sixteen letters.\"";
    assert!(!weak(local).contains("database.address"));
    let known =
        "[database]\naddress = \"postgres://u@db.example.org/x?sslmode=verify-full\"\nsecret = \"sixteen letters.\"";
    assert_eq!(
        weak(known).contains("database.address"),
        !cfg!(feature = "postgres-tls")
    );
}

#[test]
fn providers_of_identities_have_names_of_their_own() {
    let text = "[oidc.eulogin]\nlabel = \"EU Login\"\nissuer = \"https://id.example.org\"\nclient_id = \"ahq\"\n\
                acr_values = [\"high\"]\nsecond_factor = true\n[oidc.home]\nlabel = \"Home\"\n\
                issuer = \"http://127.0.0.1:3000\"\nclient_id = \"ahq\"";
    let config = load(text, &[("AHQ_OIDC__EULOGIN__CLIENT_SECRET", "hush")]).unwrap();
    let names: Vec<&String> = config.oidc.keys().collect();
    assert_eq!(names, ["eulogin", "home"]);
    let providers = config.providers().unwrap();
    assert!(providers[0].assurance.gives_second_factor() && !providers[1].assurance.gives_second_factor());
    assert!(providers[0].client_secret.is_some() && providers[1].client_secret.is_none());
    for shown in [config.shown().unwrap(), format!("{config:?}"), format!("{providers:?}")] {
        assert!(!shown.contains("hush"), "{shown}");
    }
    let right = "label = \"X\"\nissuer = \"https://id.example.org\"\nclient_id = \"ahq\"\n";
    for (text, named) in [
        (format!("[oidc.x]\n{right}colour = 1"), "oidc.x.colour in /"),
        (
            format!("[oidc.x]\n{right}client_secret = 314159265"),
            "has to be a text",
        ),
        (format!("[oidc.providers]\n{right}"), "oidc.providers is named"),
        (format!("[oidc.X]\n{right}"), "oidc.X is named"),
        (format!("[oidc.x]\n{right}second_factor = true"), "oidc.x.second_factor"),
        (
            format!("[oidc.x]\n{right}client_secret = \"a\"\nclient_secret_file = \"Cargo.toml\""),
            "one too many",
        ),
        (
            format!("[oidc.x]\n{right}client_secret_file = \"no-such-file\""),
            "no-such-file",
        ),
        (format!("[oidc.x]\n{right}ca_file = \"no-such-file\""), "no-such-file"),
        (
            format!("[oidc.x]\n{right}ca_file = \"Cargo.toml\""),
            "Cargo.toml holds no certificate",
        ),
        (
            format!("[oidc.x]\n{right}[oidc.y]\n{right}"),
            "oidc.y.issuer is another",
        ),
        (
            right.replace("https://", "http://").replace("label", "[oidc.x]\nlabel"),
            "oidc.x.issuer begins",
        ),
        ("[oidc.x]\nclient_id = \"\"".to_owned(), "oidc.x.label"),
        ("[oidc]\nissuer = \"x\"".to_owned(), "oidc.issuer in /"),
    ] {
        let said = fault(&text, &[]);
        assert!(said.contains(named) && !said.contains("314159265"), "{text}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn files_of_secrets_that_everybody_reads_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "a secret that nobody knows, of some length").unwrap();
    let text = format!(
        "[database]\naddress = \"postgres://u@localhost/x\"\nsecret_file = \"{}\"",
        file.display()
    );
    for (mode, named) in [(0o600, false), (0o640, false), (0o644, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let weak = load(&text, &[]).unwrap().weaknesses().join("\n");
        assert_eq!(weak.contains("database.secret_file"), named, "{mode:o}: {weak}");
        assert!(!weak.contains("nobody knows"));
    }
    let text = format!(
        "[attachments]\nstore = {:?}\n[oidc.eu]\nissuer = \"https://login.example.org\"\nclient_id = \"a\"\nlabel = \"EU\"\n\
         client_secret_file = {file:?}",
        folder.path()
    );
    for (mode, named) in [(0o700, false), (0o755, true)] {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let weak = load(&text, &[]).unwrap().weaknesses().join("\n");
        assert!(weak.contains("oidc.eu.client_secret_file"), "{weak}");
        assert_eq!(weak.contains("attachments.store"), named, "{mode:o}: {weak}");
    }
}

#[test]
fn whom_to_tell_of_a_weakness_is_an_address() {
    let told = |contact: &str| load(&format!("[server]\nsecurity_contact = {contact:?}"), &[]);
    for good in ["mailto:security@example.org", "https://example.org/security"] {
        assert!(told(good).is_ok(), "{good}");
    }
    for bad in [
        "security@example.org",
        "mailto:",
        "mailto:security",
        "http://example.org",
        "https://",
        "mailto:a@example.org\nExpires: never",
        "https://example.org/a b",
    ] {
        let told = told(bad).map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("server.security_contact"), "{bad:?}: {told}");
    }
}
