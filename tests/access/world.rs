//! Queries in every status, with a response of Austria whose words say how far they may go.

use std::collections::BTreeMap;

use ahq_harness::provider::Provider;
use ahq_harness::{App, Client, Database};
use chrono::Duration;
use serde_json::{Value, json};

use crate::callers::{Callers, appoint};

/// The statuses of a query, in the order of its life.
pub(crate) const STATUSES: [&str; 6] = ["draft", "open", "closed", "compiled", "published", "withdrawn"];
/// A draft whose joint office has not accepted yet.
pub(crate) const INVITED: &str = "invited";

/// The words of Austria's answers, each with the letter that stands for it in a cell: what is submitted, one answer in
/// each circle, and what is drafted after that.
pub(crate) const WORDS: [(char, &str); 4] = [
    ('r', "quaggarequester"),
    ('n', "quagganetwork"),
    ('p', "quaggapublic"),
    ('d', "quaggadraft"),
];

/// Where Austria's response stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Position {
    /// Drafted, never submitted.
    Drafting,
    /// Submitted, and drafted anew.
    Submitted,
    /// Declined.
    Declined,
}

/// How many queries are published at a time: each time costs a week on the clock.
const AT_ONCE: usize = 8;
/// What a publication waits for at least: the notice that respondents get.
const NOTICE: Duration = Duration::days(8);

/// The program with its callers.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) callers: Callers,
    /// A provider of identities, which the program knows as `home`.
    pub(crate) provider: Provider,
    ready: BTreeMap<(&'static str, Position), Vec<String>>,
    people: u32,
}

impl World {
    /// Starts it; none where the database is not there.
    pub(crate) async fn start(database: Database) -> Option<Self> {
        let provider = Provider::start();
        let home = provider.settings();
        let app = App::start_with(database, |config| {
            config.oidc.insert("home".to_owned(), home);
        })
        .await?;
        appoint(&app).await;
        let callers = Callers::sign_in(&app).await;
        Some(Self {
            app,
            callers,
            provider,
            ready: BTreeMap::new(),
            people: 0,
        })
    }

    pub(crate) fn lead(&self) -> &Client {
        self.callers.named("lead")
    }

    /// Signs everybody in anew.
    pub(crate) async fn sign_in(&mut self) {
        self.callers = Callers::sign_in(&self.app).await;
    }

    /// An address that nobody has had yet.
    pub(crate) fn new_email(&mut self) -> String {
        self.people += 1;
        format!("person.{}@example.org", self.people)
    }

    /// The address of a query in this status.
    pub(crate) async fn query(&mut self, status: &'static str, position: Position) -> String {
        if let Some(path) = self.ready.entry((status, position)).or_default().pop() {
            return path;
        }
        if status != "published" {
            return self.make(status, position).await;
        }
        for _ in 0..AT_ONCE {
            let path = self.make("compiled", position).await;
            let publication = json!({"edition": 1});
            change(self.lead(), &path, "publication", &publication, 200).await;
            self.ready.entry((status, position)).or_default().push(path);
        }
        let made = self.ready.entry((status, position)).or_default().pop();
        let made = made.expect("one of those just made");
        // Over Christmas three working days are longer than a week.
        loop {
            self.app.pass(NOTICE);
            self.sign_in().await;
            if self.lead().get(&made).await.expect(200).json["status"] == status {
                return made;
            }
        }
    }

    /// Takes back a query that nobody changed.
    pub(crate) fn give_back(&mut self, status: &'static str, position: Position, path: String) {
        self.ready.entry((status, position)).or_default().push(path);
    }

    async fn make(&self, status: &str, position: Position) -> String {
        let lead = self.lead();
        let made = lead.post("/queries", &draft()).await.expect(201);
        let path = format!("/queries/{}", made.json["id"].as_str().expect("an id"));
        let files = format!("{path}/attachments");
        lead.attach(&files, "text/plain", "words.txt", "Words.")
            .await
            .expect(201);
        change(lead, &path, "joint-offices", &json!({"office": "NL"}), 200).await;
        if status == INVITED {
            return path;
        }
        let accepting = json!({});
        change(self.callers.named("joint"), &path, "joint-acceptance", &accepting, 200).await;
        if status == "draft" {
            return path;
        }
        let launch = json!({"addressed": "list", "offices": ["AT", "BE"], "audience": "members"});
        change(lead, &path, "launch", &launch, 200).await;
        self.respond(&path, position).await;
        let reason = json!({"reason": "Enough."});
        if status == "open" {
            return path;
        }
        change(lead, &path, "closure", &reason, 200).await;
        if status == "closed" {
            return path;
        }
        change(lead, &path, "editions", &json!({}), 201).await;
        if status == "withdrawn" {
            change(lead, &path, "withdrawal", &reason, 200).await;
        }
        path
    }

    async fn respond(&self, path: &str, position: Position) {
        let at = self.callers.named("answering");
        let response = format!("{path}/responses/AT");
        let saved = at.put(&response, &answers(WORDS)).await.expect(201);
        match position {
            Position::Drafting => {
                let drafted = answers([WORDS[3]; 4]);
                at.put_if(&response, &saved.etag(), &drafted).await.expect(200);
            }
            Position::Submitted => {
                for (question, (_, word)) in [("q2", WORDS[1]), ("q3", WORDS[2])] {
                    let files = format!("{response}/answers/{question}/attachments");
                    at.attach(&files, "text/plain", "words.txt", word).await.expect(201);
                }
                let tag = at.get(&response).await.expect(200).etag();
                let submission = format!("{response}/submission");
                let submitted = at.post_if(&submission, &tag, &json!({})).await.expect(200);
                let drafted = answers([WORDS[3]; 4]);
                at.put_if(&response, &submitted.etag(), &drafted).await.expect(200);
            }
            Position::Declined => {
                let declination = format!("{response}/declination");
                let reason = json!({"reason": "Not a matter of ours."});
                at.post_if(&declination, &saved.etag(), &reason).await.expect(200);
            }
        }
    }
}

/// A change to something, by whoever may.
async fn change(client: &Client, path: &str, part: &str, body: &Value, status: u16) {
    let etag = client.get(path).await.expect(200).etag();
    let address = format!("{path}/{part}");
    client.post_if(&address, &etag, body).await.expect(status);
}

/// A draft with three questions.
pub(crate) fn draft() -> Value {
    let question = |text: &str| json!({"kind": "text", "text": text});
    json!({
        "title": "Missing minors",
        "topics": ["unaccompanied_minors"],
        "questions": [question("Who?"), question("How?"), question("Why?")]
    })
}

/// Answers to them, one in each circle.
pub(crate) fn answers(words: [(char, &str); 4]) -> Value {
    let answer = |index: usize, circle: &str| json!({"text": format!("A {}.", words[index].1), "circle": circle});
    json!({"answers": {"q1": answer(0, "requester"), "q2": answer(1, "network"), "q3": answer(2, "public")}})
}
