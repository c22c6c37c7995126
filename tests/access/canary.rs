//! S3: unique words are planted in everything that is not for everybody; then every caller reads all there is to read,
//! in every format, view, list and search, with the names of the files and what documents say of themselves, and what they
//! were refused, and gets their mails. A word that somebody sees who may not is a fault, and so is one that somebody who
//! may see it cannot find, or not in each format: then the search is blind there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client, Database};
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::callers::{Callers, NAMES, PROGRAMS, appoint};

/// All who ask.
const REQUESTERS: &[&str] = &["lead", "lead.expert", "lead.reader", "joint"];
/// The office that asks alone.
const LEAD: &[&str] = &["lead", "lead.expert", "lead.reader"];

/// What is read of the life of the query, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Answered, not compiled.
    Open,
    /// Compiled; the summaries are drafts.
    Compiled,
    /// Published; the summaries are signed, and the compilation was mailed with them.
    Published,
    /// Austria has narrowed its public answer to the requesters.
    Narrowed,
    /// All of Austria's response is suspended.
    Suspended,
}

/// What documents there are of an edition.
const FORMATS: [&str; 6] = ["html", "pdf", "docx", "xlsx", "csv", "json"];

/// Where each caller saw which word.
type Seen = BTreeMap<(&'static str, &'static str), BTreeSet<String>>;

const STAGES: [Stage; 5] = [
    Stage::Open,
    Stage::Compiled,
    Stage::Published,
    Stage::Narrowed,
    Stage::Suspended,
];

/// Who may read what, by name; from the specification, not from the program's rules.
fn may(word: &str, caller: &str, stage: Stage) -> bool {
    let like = PROGRAMS.iter().find(|(program, _)| *program == caller);
    let caller = like.map_or(caller, |(_, person)| *person);
    let requester = REQUESTERS.contains(&caller);
    let network = requester || ["answering", "audience", "commission", "provider"].contains(&caller);
    let from = |stages: Stage, group: bool| stage >= stages && group;
    let (own, office) = match word.split_at(3) {
        ("yak", rest) => (false, rest),
        (_, rest) => (caller == "answering", rest),
    };
    // The names of files, and what they hold, go as far as the answers they are beside.
    let is_file = office.starts_with("fn") || office.starts_with("fc");
    let office = if is_file { &office[2..] } else { office };
    match (word, office) {
        ("okapititle" | "okapitext" | "okapifile", _) => LEAD.contains(&caller),
        ("ibexfile", _) => network,
        ("zebfndraft" | "zebfcdraft" | "zebdraft" | "emuproposal" | "emunote", _) => caller == "answering",
        (_, "requester" | "network" | "public") if word.starts_with("zeb") && stage == Stage::Suspended => own,
        ("ibextitle", _) => network || stage >= Stage::Published,
        (_, "requester") => own || requester || caller == "commission",
        (_, "network") => own || requester || caller == "commission" || from(Stage::Compiled, network),
        ("zebpublic" | "zebfnpublic" | "zebfcpublic", _) if stage == Stage::Narrowed => {
            own || requester || caller == "commission"
        }
        (_, "public") => {
            own || requester || caller == "commission" || from(Stage::Compiled, network) || stage >= Stage::Published
        }
        // There are none before there is an edition.
        (_, "sumrequester" | "sumnetwork" | "sumpublic") if stage == Stage::Open => false,
        // What was signed before answers were suspended is shown with them again.
        (_, "sumrequester") => {
            requester || caller == "commission" && [Stage::Published, Stage::Narrowed].contains(&stage)
        }
        (_, "sumnetwork") => requester || stage == Stage::Published && network,
        (_, "sumpublic") => requester || stage == Stage::Published,
        _ => panic!("nobody said who may read {word}"),
    }
}

/// All words: of Austria (zeb) and Belgium (yak), one in each circle; of a draft; of a contribution (emu) to it; of the summaries; of a draft query; and
/// the title of the launched one, which documents bear among what they say of themselves.
const WORDS: [&str; 25] = [
    "zebfnrequester",
    "zebfcrequester",
    "zebfnnetwork",
    "zebfcnetwork",
    "zebfnpublic",
    "zebfcpublic",
    "zebfndraft",
    "zebfcdraft",
    "okapifile",
    "ibexfile",
    "zebrequester",
    "zebnetwork",
    "zebpublic",
    "zebdraft",
    "emuproposal",
    "emunote",
    "yakrequester",
    "yaknetwork",
    "yakpublic",
    "gnusumrequester",
    "gnusumnetwork",
    "gnusumpublic",
    "okapititle",
    "okapitext",
    "ibextitle",
];

/// Feeds, and what of the query they show to everybody.
const FEEDS: [(&str, &str); 2] = [
    ("/feeds/deadlines/", "reply due (Missing minors"),
    ("/feeds/queries.atom", "Missing minors"),
];

/// Runs the search, or as much of it as it takes to find a fault; gives the goal and what is wrong. None where the database is
/// not there.
pub async fn run(database: Database, until_first: bool) -> Option<(Goal, Vec<String>)> {
    let log = logged();
    let mut life = Life::start(database).await?;
    let (mut wrong, mut read) = (Vec::new(), 0);
    for stage in STAGES {
        if until_first && !wrong.is_empty() {
            break;
        }
        life.reach(stage).await;
        let (seen, count) = life.harvest().await;
        read += count;
        match stage {
            Stage::Compiled => wrong.extend(blind(&seen)),
            Stage::Published if !in_mails(&seen, "gnusumnetwork") => wrong.push("no mail bears a summary".to_owned()),
            _ => {}
        }
        // A mail may be passed on, whoever gets it.
        let restricted = WORDS.iter().filter(|word| word.ends_with("requester"));
        wrong.extend(
            restricted
                .filter(|word| in_mails(&seen, word))
                .map(|word| format!("{stage:?}: {word} is in a mail")),
        );
        for name in NAMES {
            for word in WORDS {
                let places = seen.get(&(name, word));
                match (places, may(word, name, stage)) {
                    (Some(places), false) => wrong.push(format!("{stage:?}: {name} sees {word} in {places:?}")),
                    (None, true) => wrong.push(format!("{stage:?}: {name} finds {word} nowhere")),
                    _ => {}
                }
            }
        }
    }
    let blind = FEEDS.iter().filter(|(feed, _)| !life.shown_in.contains(feed));
    wrong.extend(blind.map(|(feed, _)| format!("{feed} never shows the query: nothing is looked for there")));
    let log = String::from_utf8_lossy(&log.lock().expect("no holder panics")).into_owned();
    wrong.extend(
        WORDS
            .iter()
            .filter(|word| log.contains(**word))
            .map(|word| format!("{word} is in the log")),
    );
    if !log.contains("/api/v1/queries/{query}/responses/{office}/submission") {
        wrong.push("the log tells nothing of the requests".to_owned());
    }
    say(format!("{read} replies and mails read on {database}"));
    let goal = Goal::new(format!("S3-{database}"), wrong.len(), 0, wrong.is_empty());
    Some((goal, wrong))
}

/// Whether somebody saw a word in a mail.
fn in_mails(seen: &Seen, word: &str) -> bool {
    let mut of_word = seen.iter().filter(|((_, known), _)| *known == word);
    of_word.any(|(_, places)| places.iter().any(|place| place.starts_with("mail ")))
}

/// In which documents of the fullest view the lead does not find what is in it.
fn blind(seen: &Seen) -> Vec<String> {
    let views = FORMATS.map(|format| format!("editions/1?format={format}&circle=requester"));
    let places = views.iter().map(String::as_str).chain(["/file?"]);
    let words = [
        "zebrequester",
        "zebnetwork",
        "zebpublic",
        "zebfnrequester",
        "zebfnpublic",
        "ibextitle",
    ];
    let pairs = places.flat_map(|place| words.map(|word| (place, word)));
    pairs
        // A row of CSV is an answer; the title is in none.
        .filter(|(place, word)| !(place.contains("format=csv") && *word == "ibextitle"))
        .filter(|(place, word)| {
            let found = seen.get(&("lead", *word));
            !found.is_some_and(|found| found.iter().any(|known| known.contains(place)))
        })
        .map(|(place, word)| format!("lead finds {word} nowhere in {place}"))
        .collect()
}

/// What the program logs from now on, with all that it could say about itself.
fn logged() -> Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    LOG.get_or_init(|| {
        let log: Arc<Mutex<Vec<u8>>> = Arc::default();
        let written = Arc::clone(&log);
        // Without the libraries of the callers, which are in the same process.
        let filter = "trace,hyper=off,hyper_util=off,reqwest=off,h2=off,mio=off,rustls=off,tokio=off,log=debug";
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(move || Log(Arc::clone(&written)))
            .init();
        log
    })
    .clone()
}

struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no holder panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The life of one query, with its callers.
struct Life {
    app: App,
    callers: Callers,
    query: String,
    draft: String,
    mails: usize,
    /// The exports that were asked for, by their ids.
    exports: Vec<String>,
    /// The files that were attached, by their ids.
    files: Vec<String>,
    /// What Austria asked an expert for.
    contribution: String,
    /// The secrets of calendar feeds, with their ending.
    calendars: Vec<String>,
    /// The feeds that showed the query at some time.
    shown_in: BTreeSet<&'static str>,
}

impl Life {
    async fn start(database: Database) -> Option<Self> {
        let app = App::start(database).await?;
        appoint(&app).await;
        let callers = Callers::sign_in(&app).await;
        Some(Self {
            app,
            callers,
            query: String::new(),
            draft: String::new(),
            mails: 0,
            exports: Vec::new(),
            files: Vec::new(),
            contribution: String::new(),
            calendars: Vec::new(),
            shown_in: BTreeSet::new(),
        })
    }

    fn lead(&self) -> &Client {
        self.callers.named("lead")
    }

    /// Goes on to a stage.
    async fn reach(&mut self, stage: Stage) {
        match stage {
            Stage::Open => self.open().await,
            Stage::Compiled => {
                self.change("closure", &json!({"reason": "Enough."}), 200).await;
                self.change("editions", &json!({}), 201).await;
                for circle in ["requester", "network", "public"] {
                    self.summarise(circle).await;
                }
            }
            Stage::Published => {
                // The one for the network mails the compilation; then the one for the requesters is there.
                for circle in ["requester", "network", "public"] {
                    let path = format!("{}/summary", self.query);
                    let tag = self
                        .lead()
                        .get(&format!("{path}?circle={circle}"))
                        .await
                        .expect(200)
                        .etag();
                    let signature = format!("{path}/signature?circle={circle}");
                    self.lead().post_if(&signature, &tag, &json!({})).await.expect(200);
                }
                self.change("publication", &json!({"edition": 1}), 200).await;
                self.app.pass(Duration::days(8));
                self.callers = Callers::sign_in(&self.app).await;
            }
            Stage::Narrowed => {
                let at = self.callers.named("answering");
                let response = format!("{}/responses/AT", self.query);
                let tag = at.get(&response).await.expect(200).etag();
                let change = json!({"circle": "requester", "questions": ["q3"]});
                at.put_if(&format!("{response}/circles"), &tag, &change)
                    .await
                    .expect(200);
            }
            Stage::Suspended => {
                let holds = format!("{}/holds", self.query);
                let hold = json!({"office": "AT", "reason": "It names a person."});
                self.callers.named("commission").post(&holds, &hold).await.expect(201);
            }
        }
    }

    async fn open(&mut self) {
        for (name, office) in [("lead", "LU"), ("answering", "AT")] {
            let path = format!("/offices/{office}/calendar-feeds");
            let made = self.callers.named(name).post(&path, &json!({})).await.expect(201);
            let address = made.json["address"].as_str().expect("an address");
            let (_, secret) = address.rsplit_once('/').expect("a path");
            self.calendars.push(secret.to_owned());
        }
        let question = |text: &str| json!({"kind": "text", "text": text});
        let body = |title: &str, text: &str| {
            json!({"title": title, "topics": ["unaccompanied_minors"], "keywords": ["minors"], "background": text,
                   "questions": [question("Who?"), {"kind": "yes_no", "text": "How?"}, question("Why?")]})
        };
        let lead = self.lead();
        let draft = lead
            .post("/queries", &body("On okapititle", "An okapitext."))
            .await
            .expect(201);
        let made = lead
            .post("/queries", &body("Missing minors and ibextitle", "We review."))
            .await
            .expect(201);
        let path = |reply: &Value| format!("/queries/{}", reply["id"].as_str().expect("an id"));
        (self.draft, self.query) = (path(&draft.json), path(&made.json));
        for (query, word) in [(self.draft.clone(), "okapifile"), (self.query.clone(), "ibexfile")] {
            let lead = self.lead().clone();
            self.attach(&lead, &query, &format!("{word}.txt"), word).await;
        }
        self.change("joint-offices", &json!({"office": "NL"}), 200).await;
        let tag = self.callers.named("joint").get(&self.query).await.expect(200).etag();
        let acceptance = format!("{}/joint-acceptance", self.query);
        self.callers
            .named("joint")
            .post_if(&acceptance, &tag, &json!({}))
            .await
            .expect(200);
        let launch = json!({"addressed": "list", "offices": ["AT", "BE", "FR"], "audience": "members"});
        self.change("launch", &launch, 200).await;
        let be = self.app.sign_in("be.coordinator@example.org").await;
        let mut files = Vec::new();
        for (client, office, beast) in [(self.callers.named("answering"), "AT", "zeb"), (&be, "BE", "yak")] {
            let response = format!("{}/responses/{office}", self.query);
            client.put(&response, &answers(beast)).await.expect(201);
            if office == "AT" {
                for (question, circle) in [("q1", "requester"), ("q2", "network"), ("q3", "public")] {
                    let place = format!("{response}/answers/{question}");
                    let (name, text) = (format!("zebfn{circle}.txt"), format!("A zebfc{circle}."));
                    files.push(attached(client, &place, &name, &text).await);
                }
            }
            let tag = client.get(&response).await.expect(200).etag();
            let submission = format!("{response}/submission");
            client.post_if(&submission, &tag, &json!({})).await.expect(200);
        }
        // What Austria drafts after that is for Austria.
        let response = format!("{}/responses/AT", self.query);
        let at = self.callers.named("answering");
        let tag = at.get(&response).await.expect(200).etag();
        let drafted = json!({"answers": {"q1": {"text": "A zebdraft."}}});
        at.put_if(&response, &tag, &drafted).await.expect(200);
        let place = format!("{response}/answers/q1");
        files.push(attached(at, &place, "zebfndraft.txt", "A zebfcdraft.").await);
        self.files.extend(files);
        self.contribute().await;
    }

    async fn attach(&mut self, client: &Client, place: &str, name: &str, text: &str) {
        let id = attached(client, place, name, text).await;
        self.files.push(id);
    }

    /// Austria asks an expert, who hands a proposal in.
    async fn contribute(&mut self) {
        let contributions = format!("{}/responses/AT/contributions", self.query);
        let ask = json!({"email": "expert@police.example.org", "questions": ["q3"], "replyBy": "2026-11-20",
                         "note": "An emunote."});
        let asked = self
            .callers
            .named("answering")
            .post(&contributions, &ask)
            .await
            .expect(201);
        self.contribution = asked.json["id"].as_str().expect("an id").to_owned();
        let mails = self.app.deliver().await;
        let mail = mails
            .iter()
            .rfind(|mail| mail.to.address == "expert@police.example.org");
        let text = mail.expect("a mail").content.text();
        let start = text.find("/contributions/").expect("a link");
        let link = text[start..].split_whitespace().next().expect("a secret");
        let expert = self.app.public();
        let begun = expert.get(link).await.expect(200);
        let proposal = json!({"answers": {"q3": {"text": "An emuproposal."}}});
        let saved = expert.put_if(link, &begun.etag(), &proposal).await.expect(200);
        expert
            .post_if(&format!("{link}/return"), &saved.etag(), &json!({}))
            .await
            .expect(200);
    }

    async fn summarise(&self, circle: &str) {
        let summary = json!({"background": "Why.", "respondents": "Who.", "findings": format!("A gnusum{circle}.")});
        let path = format!("{}/summary?circle={circle}", self.query);
        let reply = match self.lead().get(&path).await {
            begun if begun.status == 200 => self.lead().put_if(&path, &begun.etag(), &summary).await,
            _ => self.lead().put(&path, &summary).await,
        };
        assert!(reply.status < 300, "{}", reply.text);
    }

    async fn change(&self, part: &str, body: &Value, status: u16) {
        let tag = self.lead().get(&self.query).await.expect(200).etag();
        let address = format!("{}/{part}", self.query);
        self.lead().post_if(&address, &tag, body).await.expect(status);
    }

    /// Everything that everybody can get hold of: where each saw which word, and how many replies and mails there were.
    async fn harvest(&mut self) -> (Seen, usize) {
        let mut seen = Seen::new();
        let mut look = |name: &'static str, place: &str, text: &str| {
            for word in WORDS.into_iter().filter(|word| text.contains(word)) {
                seen.entry((name, word)).or_default().insert(place.to_owned());
            }
        };
        let mut count = 0;
        self.ask_exports().await;
        let addresses = self.addresses().await;
        for (name, client) in self.callers.each() {
            for (method, path) in &addresses {
                let request = client.request(method.clone(), path);
                let reply = if *method == Method::GET {
                    client.send(request).await
                } else {
                    client.send(request.json(&json!({}))).await
                };
                count += 1;
                // A search repeats the word that was searched for: in what it found it has to be.
                let searched = path.split_once("title=").map_or("", |(_, word)| word);
                let text = reply.text.replace(&format!("title={searched}"), "");
                // Whoever holds the secret address of a calendar reads the titles in it.
                let text = if path.starts_with("/feeds/deadlines/") {
                    text.replace("ibextitle", "")
                } else {
                    text
                };
                let file = reply.header("content-disposition").unwrap_or_default();
                look(name, &format!("{method} {path}"), &format!("{file}\n{text}"));
                for (feed, mark) in FEEDS {
                    if path.starts_with(feed) && text.contains(mark) {
                        self.shown_in.insert(feed);
                    }
                }
            }
        }
        let mails = self.app.deliver().await;
        for mail in &mails[self.mails..] {
            count += 1;
            let local = mail.to.address.split('@').next().unwrap_or_default();
            let office = local.trim_start_matches("ncp-").split('.').next().unwrap_or_default();
            let text = String::from_utf8(mail.bytes().expect("a mail")).expect("a mail in ASCII");
            let whole = format!("{text}{}{}", mail.content.text(), mail.content.html());
            if let Some(name) = reader(office) {
                look(name, &format!("mail {}", mail.content.subject()), &whole);
            }
        }
        self.mails = mails.len();
        (seen, count)
    }

    /// Everybody who may has all there is exported, in every format; what was exported before is downloaded again.
    async fn ask_exports(&mut self) {
        for (_, client) in self.callers.each() {
            let asked = client.post("/exports", &json!({"formats": FORMATS})).await;
            if let Some(id) = asked.json["id"].as_str().filter(|_| asked.status == 201) {
                self.exports.push(id.to_owned());
            }
        }
        while self.app.exchange().make_export().await.expect("a document") {}
    }

    /// Every address of the document about these queries, in every format, view and search; and every change, with
    /// nothing in it, for what its refusal says.
    async fn addresses(&self) -> Vec<(Method, String)> {
        let document = ahq_api::document();
        let number = self.lead().get(&self.query).await.json["number"].clone();
        let number = number.as_str().unwrap_or("2026.1").to_owned();
        let id = |path: &str| path.trim_start_matches("/queries/").to_owned();
        let values = |name: &str| -> Vec<String> {
            let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
            match name {
                "query" => vec![id(&self.query), id(&self.draft), number.clone()],
                "office" => texts(&["AT", "BE"]),
                "code" => texts(&["LU", "AT"]),
                "number" => texts(&["1", "2", "3"]),
                "question" => texts(&["q1", "q2", "q3"]),
                "export" => self.exports.clone(),
                "attachment" => self.files.clone(),
                "contribution" => vec![self.contribution.clone()],
                "secret" => self.calendars.clone(),
                "year" => texts(&["2026"]),
                "provider" => texts(&["home"]),
                // The hold itself stays: what is tried with all ids would lift it.
                "hold" | "erasure" | "identity" | "user" | "session" | "feed" | "delivery" | "request"
                | "clarification" => texts(&["00000000-0000-7000-8000-000000000000"]),
                "token" => texts(&["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]),
                _ => panic!("no value for {{{name}}}"),
            }
        };
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("a path") {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                if !operation["operationId"].is_string() || operation["operationId"] == "sign_out" {
                    continue;
                }
                let mut paths = vec![path.clone()];
                for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                    let place = format!("{{{name}}}");
                    // What is taken away is found by nobody afterwards.
                    let values = match name {
                        "attachment" if method == Method::DELETE => values("user"),
                        _ => values(name),
                    };
                    paths = values
                        .iter()
                        .flat_map(|value| paths.iter().map(|path| path.replace(&place, value)).collect::<Vec<_>>())
                        .collect();
                }
                for key in if method == Method::GET {
                    keys(operation)
                } else {
                    vec![String::new()]
                } {
                    found.extend(paths.iter().map(|path| (method.clone(), format!("{path}{key}"))));
                }
            }
        }
        found
    }
}

/// The query keys to ask with: each format with each circle, and a search for each word.
fn keys(operation: &Value) -> Vec<String> {
    let has = |name: &str| {
        operation["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"] == name))
    };
    let mut formats = vec![String::new()];
    if has("format") {
        formats.extend(FORMATS.map(|format| format!("format={format}")));
    }
    let circles = if has("circle") {
        vec!["", "circle=requester", "circle=network", "circle=public"]
    } else {
        vec![""]
    };
    let mut keys: Vec<String> = Vec::new();
    for format in &formats {
        for circle in &circles {
            keys.push(format!("?{format}&{circle}"));
        }
    }
    if has("title") {
        keys.extend(WORDS.iter().map(|word| format!("?title={word}")));
    }
    if operation["operationId"] == "count_working_days" {
        keys = vec!["?from=2026-11-03&days=20".to_owned()];
    }
    keys
}

/// The caller who reads the mails to an office; the expert and the reader of the lead are told nothing of their own.
fn reader(office: &str) -> Option<&'static str> {
    Some(match office {
        "lu" => "lead",
        "nl" => "joint",
        "at" => "answering",
        "pl" => "audience",
        "no" => "outside",
        "com" => "commission",
        "sp" => "provider",
        _ => return None,
    })
}

/// Attaches a file; gives its id.
async fn attached(client: &Client, place: &str, name: &str, text: &str) -> String {
    let files = format!("{place}/attachments");
    let made = client.attach(&files, "text/plain", name, text).await.expect(201);
    made.json["id"].as_str().expect("an id").to_owned()
}

/// Answers of an office, one in each circle, its words in a text, a comment and a note.
fn answers(beast: &str) -> Value {
    json!({"answers": {
        "q1": {"text": format!("A {beast}requester."), "circle": "requester"},
        "q2": {"yesNo": "yes", "comment": format!("A {beast}network."), "circle": "network"},
        "q3": {"text": format!("A {beast}public."), "circle": "public"}
    }})
}
