//! The callers of the matrix and of the canary: one of each kind that the rules tell apart.

use ahq_domain::user::Role;
use ahq_harness::{App, Client, PASSWORD};
use chrono::Duration;
use jsonwebtoken::{EncodingKey, Header, dangerous, encode};
use reqwest::Method;
use serde_json::{Value, json};

/// Their names: those of the columns of `matrix.txt`, in their order, and the programs of `tokens.txt`.
pub(crate) const NAMES: [&str; 15] = [
    "public",
    "lead",
    "lead.expert",
    "lead.reader",
    "joint",
    "answering",
    "audience",
    "outside",
    "commission",
    "provider",
    "disabled",
    "expired",
    "foreign",
    "lead.token",
    "answering.token",
];

/// How many of them are columns of `matrix.txt`.
pub(crate) const PEOPLE: usize = 13;

/// The programs, each with whoever it gets the same as but for what `tokens.txt` names.
pub(crate) const PROGRAMS: [(&str, &str); 2] = [("lead.token", "lead.reader"), ("answering.token", "answering")];

/// All of them, signed in.
pub(crate) struct Callers {
    all: Vec<Client>,
}

/// The requesting office, in all its roles: its coordinator launches.
const LEAD: &str = "lu.coordinator@example.org";
/// The account that is disabled after it signed in.
const DISABLED: &str = "disabled@example.org";

/// Makes the users. The lead is Luxembourg, the joint office the Netherlands, Austria answers, Poland is in the
/// audience and not addressed, Norway is an observer outside the audience. Belgium is addressed too.
pub(crate) async fn appoint(app: &App) {
    let lead = app.coordinator("LU").await;
    app.user("LU", Role::Expert).await;
    app.user("LU", Role::Reader).await;
    for office in ["NL", "AT", "PL", "NO", "COM", "SP", "BE"] {
        app.coordinator(office).await;
    }
    let secret = invited(app, &lead, DISABLED).await;
    let password = json!({"password": PASSWORD});
    app.public()
        .post(&format!("/invitations/{secret}"), &password)
        .await
        .expect(201);
}

/// Invites a reader of Luxembourg; gives the secret of the link in the mail.
pub(crate) async fn invited(app: &App, lead: &Client, email: &str) -> String {
    let body = json!({"name": "Anna Muster", "email": email, "role": "reader"});
    lead.post("/offices/LU/users", &body).await.expect(201);
    let mails = app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == email)
        .expect("the invitation");
    let text = mail.content.text();
    let start = text.find("/invitations/").expect("a link") + "/invitations/".len();
    text[start..].split_whitespace().next().expect("a secret").to_owned()
}

impl Callers {
    /// Signs all of them in anew; the clock moves on by the life of an access token.
    pub(crate) async fn sign_in(app: &App) -> Self {
        let public = app.public();
        let expired = public.with_token(&access_token(app, LEAD).await);
        app.pass(Duration::minutes(16));
        let mut all = vec![public.clone()];
        for user in ["lu.coordinator", "lu.expert", "lu.reader"] {
            all.push(app.sign_in(&format!("{user}@example.org")).await);
        }
        for office in ["nl", "at", "pl", "no", "com", "sp"] {
            all.push(app.sign_in(&format!("{office}.coordinator@example.org")).await);
        }
        all.push(disabled(app, &all[1]).await);
        all.push(expired);
        all.push(public.with_token(&signed_elsewhere(&access_token(app, LEAD).await)));
        for (coordinator, office, scopes) in [(1, "LU", &["read"][..]), (5, "AT", &["read", "draft", "submit"])] {
            all.push(program(app, &all[coordinator], office, scopes).await);
        }
        Self { all }
    }

    /// All with their names.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'static str, &Client)> {
        NAMES.into_iter().zip(&self.all)
    }

    /// One of them.
    pub(crate) fn named(&self, name: &str) -> &Client {
        let found = self.each().find(|(known, _)| *known == name);
        found.expect("a caller of this name").1
    }
}

async fn access_token(app: &App, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let tokens = app.public().post("/session", &body).await.expect(201);
    tokens.json["accessToken"].as_str().expect("a token").to_owned()
}

/// A reader of the requesting office whose account was disabled after they signed in; their token itself is in order.
async fn disabled(app: &App, lead: &Client) -> Client {
    let path = user(lead, DISABLED).await;
    able(lead, &path, true).await;
    let token = access_token(app, DISABLED).await;
    able(lead, &path, false).await;
    app.public().with_token(&token)
}

/// A program of an office, which has no other one.
async fn program(app: &App, coordinator: &Client, office: &str, scopes: &[&str]) -> Client {
    let path = format!("/offices/{office}/service-accounts");
    let there = coordinator.get(&path).await.expect(200);
    for known in there.json["items"].as_array().expect("items") {
        let one = format!("{path}/{}", known["id"].as_str().expect("an id"));
        coordinator
            .send(coordinator.request(Method::DELETE, &one))
            .await
            .expect(204);
    }
    let made = coordinator.post(&path, &token(app, scopes)).await.expect(201);
    app.public().with_token(made.json["secret"].as_str().expect("a secret"))
}

/// A token to be made, which outlasts a session.
pub(crate) fn token(app: &App, scopes: &[&str]) -> Value {
    let later = app.exchange().clock().now() + Duration::days(100);
    json!({"name": "Case management", "scopes": scopes, "lastDay": later.date_naive()})
}

/// The address of a user of Luxembourg.
pub(crate) async fn user(lead: &Client, email: &str) -> String {
    let users = lead.get("/offices/LU/users").await.expect(200);
    let found = users.json["items"]
        .as_array()
        .and_then(|all| all.iter().find(|user| user["email"] == email));
    format!(
        "/offices/LU/users/{}",
        found.expect("the user")["id"].as_str().expect("an id")
    )
}

async fn able(lead: &Client, path: &str, able: bool) {
    let now = lead.get(path).await.expect(200);
    let change = json!({"name": now.json["name"], "grants": now.json["grants"], "disabled": !able});
    lead.put_if(path, &now.etag(), &change).await.expect(200);
}

/// The same token, signed by somebody else's key under the name of the program's.
fn signed_elsewhere(token: &str) -> String {
    let read = dangerous::insecure_decode::<Value>(token).expect("a token");
    let mut header = Header::new(read.header.alg);
    header.typ = read.header.typ;
    header.kid = read.header.kid;
    // An Ed25519 key in PKCS #8 (RFC 8410): the prefix and any 32 bytes.
    let mut key = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    key.extend([7; 32]);
    encode(&header, &read.claims, &EncodingKey::from_ed_der(&key)).expect("a token is signed")
}
