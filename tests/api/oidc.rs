//! Providers of identities as a second door: signing in, accepting an invitation, linking; and all that is refused.

use ahq_domain::user::Role;
use ahq_harness::provider::{CLIENT_ID, Provider, Signature, Token};
use ahq_harness::{App, Client, Database, PASSWORD, Reply, coordinator_address};
use ahq_server::config::OidcConfig;
use chrono::Duration;
use serde_json::{Value, json};

use crate::accounts::password_set_anew;

/// The class that the provider has to name.
const HIGH: &str = "urn:high";

/// A program that knows a provider as `home`.
struct Scene {
    app: App,
    provider: Provider,
}

/// How somebody came back.
struct Way {
    body: Value,
}

impl Scene {
    async fn start(database: Database, change: impl FnOnce(&mut OidcConfig)) -> Option<Self> {
        let provider = Provider::start();
        let mut home = provider.settings();
        change(&mut home);
        let app = App::start_with(database, |config| {
            config.oidc.insert("home".to_owned(), home);
        })
        .await?;
        Some(Self { app, provider })
    }

    fn now(&self) -> i64 {
        self.app.exchange().clock().now().timestamp()
    }

    async fn sent(&self, client: &Client, wanted: &Value) -> Value {
        let sent = client
            .post("/oidc/providers/home/authorizations", wanted)
            .await
            .expect(201);
        sent.json
    }

    /// Somebody was sent and signs in at the provider.
    fn approved(&self, sent: &Value, subject: &str, spoil: impl FnOnce(&mut Token)) -> Way {
        let address = sent["authorizationUrl"].as_str().expect("an address");
        let (code, state) = self.provider.approve(address, subject, self.now(), spoil);
        assert_eq!(sent["state"], state);
        Way {
            body: json!({"code": code, "state": state, "binding": sent["binding"]}),
        }
    }

    /// Somebody comes back who asked to sign in.
    async fn returned(&self, subject: &str, spoil: impl FnOnce(&mut Token)) -> Reply {
        let public = self.app.public();
        let sent = self.sent(&public, &json!({"purpose": "sign_in"})).await;
        let way = self.approved(&sent, subject, spoil);
        public.post("/oidc/providers/home/sessions", &way.body).await
    }

    /// Links an identity with the account of a client.
    async fn link(&self, client: &Client, subject: &str) -> Reply {
        let wanted = json!({"purpose": "link", "password": PASSWORD});
        let sent = self.sent(client, &wanted).await;
        let mut way = self.approved(&sent, subject, |_| {});
        way.body["provider"] = json!("home");
        client.post("/me/identities", &way.body).await
    }

    /// The secret of the invitation of somebody who is invited now.
    async fn invited(&self, lead: &Client, email: &str) -> String {
        let body = json!({"name": "Anna Muster", "email": email, "role": "expert"});
        lead.post("/offices/LU/users", &body).await.expect(201);
        let mails = self.app.deliver().await;
        let mail = mails.iter().rfind(|mail| mail.to.address == email);
        let text = mail.expect("a mail").content.text();
        let start = text.find("/invitations/").expect("a link") + "/invitations/".len();
        text[start..].split_whitespace().next().expect("a secret").to_owned()
    }

    /// What the audit says of refused sign-ins, sorted.
    async fn refused(&self) -> Vec<String> {
        self.app.exchange().seal_audit(None).await.expect("a chain");
        let provider = self.app.sign_in_coordinator("SP").await;
        let audit = provider.get("/audit?action=session.refused").await.expect(200);
        let events = audit.json["items"].as_array().expect("events");
        let wrong = events.iter().map(|event| event["facts"]["wrong"].as_str());
        let mut wrong: Vec<String> = wrong.map(|wrong| wrong.expect("a word").to_owned()).collect();
        wrong.sort_unstable();
        wrong
    }
}

/// One test for each database, on a program that knows a provider.
macro_rules! with_provider {
    ($name:ident, $change:expr, |$scene:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn run(database: Database) {
                let Some($scene) = Scene::start(database, $change).await else {
                    return;
                };
                $body
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Database::Postgres).await;
            }
        }
    };
}

with_provider!(an_identity_that_was_linked_opens_the_account, |_| {}, |scene| {
    let providers = scene.app.public().get("/oidc/providers").await.expect(200);
    assert_eq!(
        providers.json,
        json!({"items": [{"name": "home", "label": "The Provider"}]})
    );
    let lead = scene.app.coordinator("LU").await;
    // The provider names the address of the account, and that links nothing.
    assert_eq!(
        scene.returned("anna", |_| {}).await.expect(401).code(),
        "identity_unknown"
    );
    let wrong = json!({"purpose": "link", "password": "not the password"});
    let refused = lead
        .post("/oidc/providers/home/authorizations", &wrong)
        .await
        .expect(401);
    assert_eq!(refused.code(), "wrong_credentials");
    let without = lead
        .post("/oidc/providers/home/authorizations", &json!({"purpose": "link"}))
        .await;
    assert_eq!(
        without.expect(400).faults(),
        [("/password".to_owned(), "missing_field".to_owned())]
    );
    let public = scene.app.public();
    let wanted = json!({"purpose": "link", "password": PASSWORD});
    public
        .post("/oidc/providers/home/authorizations", &wanted)
        .await
        .expect(401);
    public
        .post("/oidc/providers/nowhere/authorizations", &wanted)
        .await
        .expect(404);

    let linked = scene.link(&lead, "anna").await.expect(201);
    assert_eq!(
        (&linked.json["provider"], &linked.json["subject"]),
        (&json!("home"), &json!("anna"))
    );
    let session = scene.returned("anna", |_| {}).await.expect(201);
    let through = public.with_session(&session.json);
    assert_eq!(through.get("/me").await.expect(200).json["office"], "LU");
    assert_eq!(through.get("/session").await.expect(200).json["secondFactor"], false);
    let there = lead.get("/me/identities").await.expect(200);
    assert_eq!(there.json["items"][0]["seenOn"], "2026-11-03");

    let reader = scene.app.user("LU", Role::Reader).await;
    assert_eq!(scene.link(&reader, "anna").await.expect(409).code(), "identity_in_use");
    assert_eq!(scene.link(&lead, "anna").await.expect(409).code(), "identity_in_use");
    assert_eq!(reader.get("/me/identities").await.expect(200).json["items"], json!([]));
    let path = format!("/me/identities/{}", linked.json["id"].as_str().expect("an id"));
    reader.delete(&path).await.expect(404);
    lead.delete(&path).await.expect(204);
    lead.delete(&path).await.expect(404);
    through.get("/me").await.expect(401);
    assert_eq!(
        scene.returned("anna", |_| {}).await.expect(401).code(),
        "identity_unknown"
    );
    let subjects: Vec<String> = scene
        .app
        .deliver()
        .await
        .iter()
        .filter(|mail| mail.to.address == coordinator_address("LU"))
        .map(|mail| mail.content.subject().to_owned())
        .collect();
    assert_eq!(
        subjects,
        [
            "[EMN AHQ] Your account has another way to sign in",
            "[EMN AHQ] Your account lost a way to sign in"
        ]
    );
});

with_provider!(an_invitation_is_accepted_through_a_provider, |_| {}, |scene| {
    let lead = scene.app.coordinator("LU").await;
    let public = scene.app.public();
    let secret = scene.invited(&lead, "anna.muster@example.org").await;
    let wanted = json!({"purpose": "invitation", "invitation": secret});
    let unknown = json!({"purpose": "invitation", "invitation": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ"});
    public
        .post("/oidc/providers/home/authorizations", &unknown)
        .await
        .expect(404);
    // Two ways may be asked for; one of them accepts.
    let (sent, other) = (scene.sent(&public, &wanted).await, scene.sent(&public, &wanted).await);
    let way = scene.approved(&sent, "anna", |_| {});
    let session = public
        .post("/oidc/providers/home/sessions", &way.body)
        .await
        .expect(201);
    let anna = public.with_session(&session.json);
    assert_eq!(anna.get("/me").await.expect(200).json["status"], "active");
    let late = scene.approved(&other, "mallory", |_| {});
    let refused = public
        .post("/oidc/providers/home/sessions", &late.body)
        .await
        .expect(401);
    assert_eq!(refused.code(), "authorization_ended");
    public.get(&format!("/invitations/{secret}")).await.expect(404);
    scene.returned("anna", |_| {}).await.expect(201);

    // No password opens the account, and its last door stays.
    let sign_in = json!({"email": "anna.muster@example.org", "password": PASSWORD});
    let refused = public.post("/session", &sign_in).await.expect(401);
    assert_eq!(refused.code(), "wrong_credentials");
    let there = anna.get("/me/identities").await.expect(200);
    let path = format!(
        "/me/identities/{}",
        there.json["items"][0]["id"].as_str().expect("an id")
    );
    assert_eq!(anna.delete(&path).await.expect(409).code(), "last_door");
    let asked = json!({"email": "anna.muster@example.org"});
    public.post("/password-resets", &asked).await.expect(204);
    let mails = scene.app.deliver().await;
    let mut texts = mails.iter().map(|mail| mail.content.text());
    let text = texts.rfind(|text| text.contains("/password-resets/")).expect("a mail");
    let start = text.find("/password-resets/").expect("a link");
    let link = text[start..].split_whitespace().next().expect("a link");
    public.post(link, &json!({"password": PASSWORD})).await.expect(204);
    let anna = scene.app.sign_in("anna.muster@example.org").await;
    anna.delete(&path).await.expect(204);

    // Whoever is linked already is not invited a second time over.
    scene.link(&lead, "lead").await.expect(201);
    let secret = scene.invited(&lead, "bea.muster@example.org").await;
    let sent = scene
        .sent(&public, &json!({"purpose": "invitation", "invitation": secret}))
        .await;
    let way = scene.approved(&sent, "lead", |_| {});
    let refused = public
        .post("/oidc/providers/home/sessions", &way.body)
        .await
        .expect(409);
    assert_eq!(refused.code(), "identity_in_use");
    public.get(&format!("/invitations/{secret}")).await.expect(200);
});

with_provider!(a_reset_and_an_erasure_take_identities_away, |_| {}, |scene| {
    let provider = scene.app.coordinator("SP").await;
    scene.app.coordinator("LU").await;
    let reader = scene.app.user("LU", Role::Reader).await;
    scene.link(&reader, "anna").await.expect(201);
    let id = reader.get("/me").await.json["id"].as_str().expect("an id").to_owned();
    let order = json!({"order": "SP/2026/17"});
    let path = format!("/offices/LU/users/{id}/reset");
    provider.post(&path, &order).await.expect(200);
    let told = scene.app.deliver().await;
    let said = |part: &str| {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        told.iter()
            .filter(|mail| words(mail.content.text()).contains(part))
            .count()
    };
    assert_eq!(said("No provider opens your account any more"), 1, "the user");
    assert_eq!(said("providers unlinked"), 2, "the office, and its coordinator");
    assert_eq!(
        scene.returned("anna", |_| {}).await.expect(401).code(),
        "identity_unknown"
    );

    password_set_anew(&scene.app, "lu.reader@example.org").await;
    let reader = scene.app.sign_in("lu.reader@example.org").await;
    scene.link(&reader, "anna").await.expect(201);
    let public = scene.app.public();
    let sent = scene.sent(&public, &json!({"purpose": "sign_in"})).await;
    let address = "lu.reader@example.org".to_owned();
    let exported = scene.app.exchange().export_person(address.clone()).await;
    let exported = exported.expect("an export");
    assert_eq!(exported["account"]["identities"][0]["subject"], "anna");
    let erased = scene.app.exchange().erase_person(address, "DPO-2026-14".into()).await;
    erased.expect("an erasure");
    let way = scene.approved(&sent, "anna", |_| {}).body;
    let refused = public.post("/oidc/providers/home/sessions", &way).await.expect(401);
    assert_eq!(refused.code(), "identity_unknown");
    // The identity is free for whoever links it next.
    let lead = scene.app.sign_in_coordinator("LU").await;
    scene.link(&lead, "anna").await.expect(201);
});

with_provider!(only_who_was_sent_comes_back_and_once, |_| {}, |scene| {
    let lead = scene.app.coordinator("LU").await;
    let public = scene.app.public();
    scene.link(&lead, "anna").await.expect(201);
    let sign_in = json!({"purpose": "sign_in"});
    let ended = async |body: &Value| {
        let reply = public.post("/oidc/providers/home/sessions", body).await;
        assert_eq!(reply.expect(401).code(), "authorization_ended", "{body}");
    };
    // Another state, another's binding, another issuer: the way itself is not used up by that.
    let sent = scene.sent(&public, &sign_in).await;
    let other = scene.sent(&public, &sign_in).await;
    let way = scene.approved(&sent, "anna", |_| {}).body;
    for (name, value) in [
        ("state", json!("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ")),
        ("binding", other["binding"].clone()),
        ("binding", way["state"].clone()),
        ("issuer", json!("https://other.example.org")),
    ] {
        let mut body = way.clone();
        body[name] = value;
        ended(&body).await;
    }
    let mut body = way.clone();
    body["issuer"] = json!(scene.provider.issuer());
    public.post("/oidc/providers/home/sessions", &body).await.expect(201);
    ended(&way).await;

    // The code of another way, which was made for another verifier and nonce.
    let (one, two) = (scene.sent(&public, &sign_in).await, scene.sent(&public, &sign_in).await);
    let (mut one, two) = (
        scene.approved(&one, "anna", |_| {}).body,
        scene.approved(&two, "anna", |_| {}).body,
    );
    one["code"] = two["code"].clone();
    let refused = public.post("/oidc/providers/home/sessions", &one).await.expect(401);
    assert_eq!(refused.code(), "identity_not_proven");

    // A way to sign in links nothing, one to link signs nobody in, and nobody else's session links with it.
    let sent = scene.sent(&public, &sign_in).await;
    let mut way = scene.approved(&sent, "bea", |_| {}).body;
    way["provider"] = json!("home");
    let refused = lead.post("/me/identities", &way).await.expect(401);
    assert_eq!(refused.code(), "authorization_ended");
    let sent = scene
        .sent(&lead, &json!({"purpose": "link", "password": PASSWORD}))
        .await;
    let way = scene.approved(&sent, "bea", |_| {}).body;
    ended(&way).await;
    let mut linking = way.clone();
    linking["provider"] = json!("home");
    let elsewhere = scene.app.sign_in(&coordinator_address("LU")).await;
    let reader = scene.app.user("LU", Role::Reader).await;
    for other in [&elsewhere, &reader] {
        let refused = other.post("/me/identities", &linking).await.expect(401);
        assert_eq!(refused.code(), "authorization_ended");
    }
    public.post("/me/identities", &linking).await.expect(401);
    lead.post("/me/identities", &linking).await.expect(201);

    // Ten minutes.
    let sent = scene.sent(&public, &sign_in).await;
    let other = scene.sent(&public, &sign_in).await;
    scene.app.pass(Duration::minutes(10) - Duration::seconds(1));
    let way = scene.approved(&sent, "anna", |_| {}).body;
    public.post("/oidc/providers/home/sessions", &way).await.expect(201);
    scene.app.pass(Duration::seconds(1));
    ended(&scene.approved(&other, "anna", |_| {}).body).await;
    // Who is disabled is not let in.
    let disabled = scene.app.user("AT", Role::Reader).await;
    let coordinator = scene.app.coordinator("AT").await;
    scene.link(&disabled, "carl").await.expect(201);
    let id = disabled.get("/me").await.json["id"].as_str().expect("an id").to_owned();
    let path = format!("/offices/AT/users/{id}");
    let user = coordinator.get(&path).await.expect(200);
    let change = json!({"name": "C", "grants": user.json["grants"], "disabled": true});
    coordinator.put_if(&path, &user.etag(), &change).await.expect(200);
    let refused = scene.returned("carl", |_| {}).await.expect(401);
    assert_eq!(refused.code(), "identity_unknown");
});

with_provider!(a_token_that_does_not_hold_opens_nothing, |_| {}, |scene| {
    scene.app.coordinator("SP").await;
    let lead = scene.app.coordinator("LU").await;
    scene.link(&lead, "anna").await.expect(201);
    let now = scene.now();
    type Spoil = Box<dyn FnOnce(&mut Token)>;
    let claim = |name: &'static str, value: Value| -> Spoil {
        Box::new(move |token| match value {
            Value::Null => {
                token.claims.as_object_mut().expect("claims").remove(name);
            }
            value => token.claims[name] = value,
        })
    };
    let signed = |algorithm: &'static str, signature: Signature| -> Spoil {
        Box::new(move |token| {
            token.header["alg"] = json!(algorithm);
            token.signature = signature;
        })
    };
    let spoiled: Vec<(&str, Spoil)> = vec![
        ("nonce", claim("nonce", json!("another"))),
        ("nonce", claim("nonce", Value::Null)),
        ("aud", claim("aud", json!("another"))),
        ("aud", claim("aud", json!([CLIENT_ID, "another"]))),
        ("azp", claim("azp", json!("another"))),
        ("iss", claim("iss", json!("https://other.example.org"))),
        ("exp", claim("exp", json!(now))),
        ("exp", claim("iat", json!(now + 90))),
        ("signature", signed("EdDSA", Signature::Foreign)),
        ("signature", signed("EdDSA", Signature::None)),
        ("signature", signed("none", Signature::None)),
        ("signature", signed("HS256", Signature::Symmetric)),
        ("signature", signed("HS256", Signature::Secret)),
        ("signature", signed("RS256", Signature::Right)),
    ];
    let mut expected = Vec::new();
    for (wrong, spoil) in spoiled {
        expected.push(wrong.to_owned());
        let refused = scene.returned("anna", spoil).await.expect(401);
        assert_eq!(refused.code(), "identity_not_proven", "{wrong}");
    }
    expected.sort_unstable();
    assert_eq!(scene.refused().await, expected);
    // A code that the provider does not know.
    let public = scene.app.public();
    let sent = scene.sent(&public, &json!({"purpose": "sign_in"})).await;
    let mut way = scene.approved(&sent, "anna", |_| {}).body;
    way["code"] = json!("none");
    let refused = public.post("/oidc/providers/home/sessions", &way).await.expect(401);
    assert_eq!(refused.code(), "identity_not_proven");
    scene.returned("anna", |_| {}).await.expect(201);
});

with_provider!(
    keys_are_read_again_when_one_is_unknown_and_a_provider_may_be_away,
    |_| {},
    |scene| {
        let lead = scene.app.coordinator("LU").await;
        scene.link(&lead, "anna").await.expect(201);
        assert_eq!(scene.provider.calls("/keys"), 1);
        scene.provider.rotate();
        // Not at once after it was read: whoever makes keys up makes no calls.
        assert_eq!(
            scene.returned("anna", |_| {}).await.expect(401).code(),
            "identity_not_proven"
        );
        assert_eq!(scene.provider.calls("/keys"), 1);
        scene.app.pass(Duration::minutes(1));
        scene.returned("anna", |_| {}).await.expect(201);
        scene.returned("anna", |_| {}).await.expect(201);
        assert_eq!(scene.provider.calls("/keys"), 2);

        let public = scene.app.public();
        let sent = scene.sent(&public, &json!({"purpose": "sign_in"})).await;
        let way = scene.approved(&sent, "anna", |_| {}).body;
        scene.provider.go_down(true);
        let away = public.post("/oidc/providers/home/sessions", &way).await.expect(503);
        assert_eq!(away.code(), "provider_unavailable");
        scene.app.pass(Duration::hours(24));
        let wanted = json!({"purpose": "sign_in"});
        let away = public
            .post("/oidc/providers/home/authorizations", &wanted)
            .await
            .expect(503);
        assert_eq!(away.code(), "provider_unavailable");
        scene.provider.go_down(false);
        scene.returned("anna", |_| {}).await.expect(201);
        scene.provider.call_itself("https://other.example.org");
        scene.app.pass(Duration::hours(24));
        let away = public
            .post("/oidc/providers/home/authorizations", &wanted)
            .await
            .expect(503);
        assert_eq!(away.code(), "provider_unavailable");
    }
);

with_provider!(
    a_provider_has_to_be_sure_enough,
    |home| {
        home.acr_values = vec![HIGH.to_owned(), "urn:higher".to_owned()];
        home.max_age = Some(300);
    },
    |scene| {
        scene.app.coordinator("SP").await;
        let lead = scene.app.coordinator("LU").await;
        let wanted = json!({"purpose": "link", "password": PASSWORD});
        let sent = scene.sent(&lead, &wanted).await;
        let address = sent["authorizationUrl"].as_str().expect("an address");
        assert!(address.contains("acr_values=urn%3Ahigh+urn%3Ahigher"), "{address}");
        assert!(address.contains("max_age=300"), "{address}");
        let mut way = scene
            .approved(&sent, "anna", |token| token.claims["acr"] = json!(HIGH))
            .body;
        way["provider"] = json!("home");
        lead.post("/me/identities", &way).await.expect(201);
        let now = scene.now();
        let mut expected = Vec::new();
        for (wrong, class, signed_in) in [
            ("acr", json!("urn:low"), json!(now)),
            ("acr", json!(null), json!(now)),
            ("auth_time", json!(HIGH), json!(now - 361)),
            ("auth_time", json!(HIGH), json!(null)),
        ] {
            expected.push(wrong.to_owned());
            let refused = scene
                .returned("anna", |token| {
                    token.claims["acr"] = class;
                    token.claims["auth_time"] = signed_in;
                })
                .await;
            assert_eq!(refused.expect(401).code(), "assurance_too_low");
        }
        assert_eq!(scene.refused().await, expected);
        let session = scene
            .returned("anna", |token| token.claims["acr"] = json!("urn:higher"))
            .await;
        let session = scene.app.public().with_session(&session.expect(201).json);
        // It was not said that these classes stand for a second factor.
        assert_eq!(session.get("/session").await.expect(200).json["secondFactor"], false);
    }
);

/// The code that an authenticator with this secret shows now.
fn code(app: &App, secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("base32");
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("a")
        .build()
        .expect("a TOTP");
    let seconds = app.exchange().clock().now().timestamp();
    totp.generate(u64::try_from(seconds).expect("after 1970")).to_string()
}

with_provider!(a_second_factor_is_asked_for_behind_a_provider, |_| {}, |scene| {
    scene.app.coordinator("SP").await;
    let lead = scene.app.coordinator("LU").await;
    scene.link(&lead, "anna").await.expect(201);
    let begun = lead.post("/me/totp", &json!({"password": PASSWORD})).await.expect(201);
    let secret = begun.json["secret"].as_str().expect("a secret");
    let confirmation = json!({"code": code(&scene.app, secret)});
    lead.post("/me/totp/confirmation", &confirmation).await.expect(201);
    scene.app.pass(Duration::minutes(1));
    let public = scene.app.public();
    let sent = scene.sent(&public, &json!({"purpose": "sign_in"})).await;
    let mut way = scene.approved(&sent, "anna", |_| {}).body;
    let refused = public.post("/oidc/providers/home/sessions", &way).await.expect(401);
    assert_eq!(refused.code(), "code_missing");
    way["secondFactorCode"] = json!("000000");
    let refused = public.post("/oidc/providers/home/sessions", &way).await.expect(401);
    assert_eq!(refused.code(), "wrong_credentials");
    way["secondFactorCode"] = json!(code(&scene.app, secret));
    let mut other = way.clone();
    other["binding"] = json!("another");
    public.post("/oidc/providers/home/sessions", &other).await.expect(401);
    let session = public.post("/oidc/providers/home/sessions", &way).await.expect(201);
    let session = public.with_session(&session.json);
    assert_eq!(session.get("/session").await.expect(200).json["secondFactor"], true);
    public.post("/oidc/providers/home/sessions", &way).await.expect(401);
    assert_eq!(scene.provider.calls("/token"), 2, "they went there once for it");
    assert!(scene.refused().await.contains(&"code_missing".to_owned()));
});

with_provider!(what_is_no_failure_does_not_make_others_wait, |_| {}, |scene| {
    let lead = scene.app.coordinator("LU").await;
    scene.link(&lead, "anna").await.expect(201);
    let begun = lead.post("/me/totp", &json!({"password": PASSWORD})).await.expect(201);
    let secret = begun.json["secret"].as_str().expect("a secret");
    let confirmation = json!({"code": code(&scene.app, secret)});
    lead.post("/me/totp/confirmation", &confirmation).await.expect(201);
    // More often than an address may fail.
    for _ in 0..21 {
        assert_eq!(scene.returned("anna", |_| {}).await.expect(401).code(), "code_missing");
    }
    let public = scene.app.public();
    let mut ways = Vec::new();
    for _ in 0..21 {
        let sent = scene.sent(&public, &json!({"purpose": "sign_in"})).await;
        ways.push(scene.approved(&sent, "anna", |_| {}).body);
    }
    scene.provider.go_down(true);
    for way in ways {
        let away = public.post("/oidc/providers/home/sessions", &way).await.expect(503);
        assert_eq!(away.code(), "provider_unavailable");
    }
});

/// A program in which who sees most needs a second factor, and the provider's class stands for one.
async fn standing_for_the_second_factor(database: Database) -> Option<Scene> {
    let provider = Provider::start();
    let mut home = provider.settings();
    home.acr_values = vec![HIGH.to_owned()];
    home.second_factor = true;
    let app = App::start_with(database, |config| {
        config.oidc.insert("home".to_owned(), home);
        config.accounts.second_factor = true;
    })
    .await?;
    Some(Scene { app, provider })
}

async fn a_class_stands_for_the_second_factor(database: Database) {
    let Some(scene) = standing_for_the_second_factor(database).await else {
        return;
    };
    let provider = scene.app.coordinator("SP").await;
    let refused = provider.get("/offices/LU/users").await.expect(403);
    assert_eq!(refused.code(), "second_factor_needed");
    let sent = scene
        .sent(&provider, &json!({"purpose": "link", "password": PASSWORD}))
        .await;
    let mut way = scene
        .approved(&sent, "sp", |token| token.claims["acr"] = json!(HIGH))
        .body;
    way["provider"] = json!("home");
    provider.post("/me/identities", &way).await.expect(201);
    let session = scene
        .returned("sp", |token| token.claims["acr"] = json!(HIGH))
        .await
        .expect(201);
    let through = scene.app.public().with_session(&session.json);
    through.get("/offices/LU/users").await.expect(200);
    provider.get("/offices/LU/users").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_stands_for_the_second_factor_sqlite() {
    a_class_stands_for_the_second_factor(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_stands_for_the_second_factor_postgres() {
    a_class_stands_for_the_second_factor(Database::Postgres).await;
}
