//! R8: every POST of the document five times at once under one Idempotency-Key, and killed in the middle: one effect, and
//! the same reply.
//!
//! An effect is what a single request adds to the tables, counted in all of them: five at once, or one repeated after a
//! kill, must add as much and no more. An operation of the document without an arrangement here is a fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ahq_domain::id::MessageId;
use ahq_domain::user::Role;
use ahq_exchange::users::UserInput;
use ahq_exchange::work::Exchange;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{Client, PASSWORD};
use ahq_server::system;
use ahq_store::StoreError;
use ahq_store::outbox::{self, OutboxStatus};
use reqwest::Method;
use serde_json::{Value, json};

use crate::Order;
use crate::scene::{Scene, answers, drafted, etag, launched, serve};

/// POSTs that take no key, and why.
const WITHOUT_KEY: [(&str, &str); 23] = [
    ("sign_in", "its reply holds secrets, which are never stored"),
    ("make_calendar_feed", "its reply holds a secret, which is never stored"),
    (
        "make_service_account",
        "its reply holds a secret, which is never stored",
    ),
    ("make_token", "its reply holds a secret, which is never stored"),
    (
        "refresh_session",
        "its reply holds secrets; a repeat within ten seconds gets the same successor",
    ),
    (
        "accept_invitation",
        "its link works once, and its body holds a password",
    ),
    (
        "ask_password_reset",
        "asking again makes a new link, and a few a day are mailed",
    ),
    ("reset_password", "as accept_invitation"),
    ("change_password", "its body holds passwords"),
    ("ask_address_change", "its body holds a password"),
    ("confirm_address", "its link works once"),
    ("begin_second_factor", "its reply holds a secret, which is never stored"),
    (
        "confirm_second_factor",
        "its reply holds secrets, which are never stored",
    ),
    (
        "renew_recovery_codes",
        "its reply holds secrets, which are never stored",
    ),
    ("remove_second_factor", "its body holds a password"),
    (
        "begin_authorization",
        "its reply holds a secret, which is never stored; asking again makes another way",
    ),
    (
        "sign_in_through_provider",
        "its state works once, and its reply holds secrets",
    ),
    ("link_identity", "its state works once"),
    (
        "end_subscription",
        "mail programs send no key, and a repetition changes nothing",
    ),
    (
        "return_contribution",
        "its address holds a secret, which is never stored; If-Match keeps a repetition from doing anything",
    ),
    ("decline_contribution", "as return_contribution"),
    ("read_contribution_form", "it says what it read and changes nothing"),
    ("read_word_form", "it says what it read and changes nothing"),
];
/// How many requests come at once.
const AT_ONCE: usize = 5;
/// How often each operation is killed.
const KILLS: usize = 20;
const KILLS_SHORT: usize = 1;

/// A request that is ready to be sent.
struct Ask {
    caller: Client,
    path: String,
    etag: Option<String>,
    body: Value,
}

/// What stands in the place of a body for a request that sends a file.
const FILE: &str = "a file";

/// What a reply must repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    body: String,
}

/// The rows of each table, or how many more there are than before.
type Rows = BTreeMap<String, i64>;

/// The callers.
struct Cast {
    lead: Client,
    other: Client,
    answering: Client,
    approving: Client,
    provider: Client,
    /// Where the program serves.
    base: String,
    /// Makes names that are not taken.
    next: u32,
}

impl Cast {
    async fn of(scene: &Scene, next: u32) -> Self {
        Self {
            lead: scene.coordinator("LU").await,
            other: scene.coordinator("NL").await,
            answering: scene.coordinator("AT").await,
            approving: scene.coordinator("BE").await,
            provider: scene.coordinator("SP").await,
            base: scene.installation.base(),
            next,
        }
    }

    fn name(&mut self) -> String {
        self.next += 1;
        format!("Query {}", self.next)
    }

    /// A launched query; Austria has submitted its response where `answered`.
    async fn open(&mut self, answered: bool) -> String {
        let name = self.name();
        let path = launched(&self.lead, &name).await;
        if answered {
            let (response, tag) = self.drafting(&path).await;
            let submission = format!("{response}/submission");
            self.answering.post_if(&submission, &tag, &json!({})).await.expect(200);
        }
        path
    }

    /// A draft of Austria's response; gives its path and its ETag.
    async fn drafting(&self, query: &str) -> (String, String) {
        let response = format!("{query}/responses/AT");
        let saved = self.answering.put(&response, &answers()).await.expect(201);
        (response, saved.etag())
    }

    /// A user of the lead's office who has not accepted yet; their path.
    async fn invited(&mut self) -> String {
        let name = self.name();
        let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
        let body = json!({"name": name, "email": email, "role": "reader"});
        let invited = self.lead.post("/offices/LU/users", &body).await.expect(201);
        let id = invited.json["id"].as_str().expect("an id");
        format!("/offices/LU/users/{id}")
    }

    /// An active user of the lead's office; their path. Always the same: the others of the office are told of a reset.
    async fn joined(&self, exchange: &Exchange) -> String {
        let email = "joined.lu@example.org";
        let input = UserInput {
            name: "Joined".to_owned(),
            email: email.to_owned(),
            role: Role::Reader,
        };
        let office = "LU".parse().expect("an office code");
        let added = exchange.add_user(office, input, PASSWORD.to_owned()).await;
        if let Ok(added) = added {
            let path = format!("/offices/LU/users/{}", added.id);
            // From now on each reset takes the place of the link before.
            let order = json!({"order": "SP/2026/16"});
            self.provider.post(&format!("{path}/reset"), &order).await.expect(200);
            return path;
        }
        let users = self.lead.get("/offices/LU/users").await.expect(200);
        let known = users.json["items"]
            .as_array()
            .and_then(|all| all.iter().find(|user| user["email"] == email));
        let id = known.expect("they are there")["id"].as_str().expect("an id");
        format!("/offices/LU/users/{id}")
    }

    /// Austria asks an expert outside.
    fn contribution(&self, query: &str) -> Ask {
        let date = (system::clock().now() + chrono::Duration::days(7)).date_naive();
        Ask {
            caller: self.answering.clone(),
            path: format!("{query}/responses/AT/contributions"),
            etag: None,
            body: json!({"email": "expert@example.org", "questions": ["q1"], "replyBy": date}),
        }
    }

    /// Belgium wants a second pair of eyes, and has it.
    async fn settle_approval(&self, exchange: &Exchange) {
        let settings = "/offices/BE/settings";
        let now = self.approving.get(settings).await.expect(200);
        if now.json["approval"] == true {
            return;
        }
        let second = UserInput {
            name: "Second".to_owned(),
            email: "second.be@example.org".to_owned(),
            role: Role::Coordinator,
        };
        let belgium = "BE".parse().expect("an office code");
        exchange
            .add_user(belgium, second, PASSWORD.to_owned())
            .await
            .expect("a second coordinator");
        self.approving
            .put_if(settings, &now.etag(), &json!({"approval": true}))
            .await
            .expect(200);
    }

    /// The one who asks for an erasure that another confirms.
    async fn second_provider(&self, exchange: &Exchange) -> Client {
        let email = "second.sp@example.org";
        let second = UserInput {
            name: "Second".to_owned(),
            email: email.to_owned(),
            role: Role::Coordinator,
        };
        let provider = "SP".parse().expect("an office code");
        // The address is taken by whoever it was made for before.
        let _ = exchange.add_user(provider, second, PASSWORD.to_owned()).await;
        Client::signed_in(self.base.clone(), email).await
    }

    /// A query with its first edition.
    async fn compiled(&mut self) -> String {
        let path = self.closed().await;
        let tag = etag(&self.lead, &path).await;
        self.lead
            .post_if(&format!("{path}/editions"), &tag, &json!({}))
            .await
            .expect(201);
        path
    }

    /// A query closed before its deadline.
    async fn closed(&mut self) -> String {
        let path = self.open(true).await;
        let tag = etag(&self.lead, &path).await;
        let reason = json!({"reason": "All have answered."});
        self.lead
            .post_if(&format!("{path}/closure"), &tag, &reason)
            .await
            .expect(200);
        path
    }

    /// A draft query to which the Netherlands were invited.
    async fn joint(&mut self) -> String {
        let name = self.name();
        let (path, tag) = drafted(&self.lead, &name).await;
        let office = json!({"office": "NL"});
        self.lead
            .post_if(&format!("{path}/joint-offices"), &tag, &office)
            .await
            .expect(200);
        path
    }

    /// A request of the lead about a query in its present version.
    async fn of_lead(&self, query: &str, tail: &str, body: Value) -> Ask {
        Ask {
            caller: self.lead.clone(),
            path: format!("{query}{tail}"),
            etag: Some(etag(&self.lead, query).await),
            body,
        }
    }

    /// Austria asks for more time.
    fn more_time(&self, query: &str) -> Ask {
        let date = (system::clock().now() + chrono::Duration::days(50)).date_naive();
        Ask {
            caller: self.answering.clone(),
            path: format!("{query}/extension-requests"),
            etag: None,
            body: json!({"deadline": date, "reason": "The ministry answers then."}),
        }
    }

    /// Austria asks what is meant.
    fn what_is_meant(&self, query: &str) -> Ask {
        Ask {
            caller: self.answering.clone(),
            path: format!("{query}/clarifications"),
            etag: None,
            body: json!({"question": "q1", "text": "Of which year?"}),
        }
    }

    /// Brings about what an operation needs, and gives its request; none where it has no row here.
    async fn arrange(&mut self, operation: &str, exchange: &Exchange) -> Option<Ask> {
        let nothing = json!({});
        let reason = json!({"reason": "It is so."});
        Some(match operation {
            "create_query" => Ask {
                caller: self.lead.clone(),
                path: "/queries".to_owned(),
                etag: None,
                body: crate::scene::draft(&self.name()),
            },
            "invite_user" => {
                let name = self.name();
                let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
                Ask {
                    caller: self.lead.clone(),
                    path: "/offices/LU/users".to_owned(),
                    etag: None,
                    body: json!({"name": name, "email": email, "role": "expert"}),
                }
            }
            "renew_invitation" => {
                let path = self.invited().await;
                Ask {
                    caller: self.lead.clone(),
                    path: format!("{path}/invitation"),
                    etag: None,
                    body: nothing,
                }
            }
            "reset_user" => {
                let user = self.joined(exchange).await;
                Ask {
                    caller: self.provider.clone(),
                    path: format!("{user}/reset"),
                    etag: None,
                    body: json!({"order": "SP/2026/17"}),
                }
            }
            "ask_erasure" => {
                let path = self.open(true).await;
                Ask {
                    caller: self.provider.clone(),
                    path: "/erasures".to_owned(),
                    etag: None,
                    body: erasure(&path),
                }
            }
            "confirm_erasure" | "withdraw_erasure" => {
                let path = self.open(true).await;
                let asked = self
                    .second_provider(exchange)
                    .await
                    .post("/erasures", &erasure(&path))
                    .await;
                let id = asked.expect(201).json["id"].as_str().expect("an id").to_owned();
                let end = if operation == "confirm_erasure" {
                    "confirmation"
                } else {
                    "withdrawal"
                };
                Ask {
                    caller: self.provider.clone(),
                    path: format!("/erasures/{id}/{end}"),
                    etag: None,
                    body: nothing,
                }
            }
            "confirm_user_list" => {
                let list = "/offices/LU/user-list";
                // The first look of a worker begins the lists of all offices.
                exchange.ask_for_user_lists().await.expect("lists");
                Ask {
                    caller: self.lead.clone(),
                    path: format!("{list}/confirmation"),
                    etag: Some(etag(&self.lead, list).await),
                    body: nothing,
                }
            }
            "launch_query" => {
                let name = self.name();
                let (path, _) = drafted(&self.lead, &name).await;
                self.of_lead(&path, "/launch", json!({"addressed": "members"})).await
            }
            "invite_joint_office" => {
                let name = self.name();
                let (path, _) = drafted(&self.lead, &name).await;
                self.of_lead(&path, "/joint-offices", json!({"office": "NL"})).await
            }
            "accept_joint_invitation" => {
                let path = self.joint().await;
                Ask {
                    caller: self.other.clone(),
                    etag: Some(etag(&self.other, &path).await),
                    path: format!("{path}/joint-acceptance"),
                    body: nothing,
                }
            }
            "extend_query" => {
                let path = self.open(false).await;
                let date = (system::clock().now() + chrono::Duration::days(50)).date_naive();
                let body = json!({"deadline": date, "reason": "Several offices asked."});
                self.of_lead(&path, "/extensions", body).await
            }
            "correct_query" => {
                let path = self.open(false).await;
                self.of_lead(&path, "/corrections", correction()).await
            }
            "confirm_answers" => {
                let path = self.open(true).await;
                let Ask {
                    path: part,
                    etag: tag,
                    body,
                    ..
                } = self.of_lead(&path, "/corrections", correction()).await;
                let tag = tag.expect("a query has its version");
                self.lead.post_if(&part, &tag, &body).await.expect(201);
                let response = format!("{path}/responses/AT");
                Ask {
                    caller: self.answering.clone(),
                    etag: Some(etag(&self.answering, &response).await),
                    path: format!("{response}/confirmation"),
                    body: json!({"questions": [{"id": "q1", "revision": 2}]}),
                }
            }
            "ask_clarification" => {
                let path = self.open(false).await;
                self.what_is_meant(&path)
            }
            "reply_to_clarification" => {
                let path = self.open(false).await;
                let asked = self.what_is_meant(&path);
                let made = asked.caller.post(&asked.path, &asked.body).await.expect(201);
                Ask {
                    caller: self.lead.clone(),
                    path: format!("{}/{}/reply", asked.path, made.json["id"].as_str().expect("an id")),
                    etag: None,
                    body: json!({"text": "Of 2025."}),
                }
            }
            "withdraw_query" => {
                let path = self.open(true).await;
                self.of_lead(&path, "/withdrawal", reason).await
            }
            "send_reminder" => {
                let path = self.open(false).await;
                self.of_lead(&path, "/reminders", nothing).await
            }
            "ask_for_extension" => {
                let path = self.open(false).await;
                self.more_time(&path)
            }
            "answer_extension_request" => {
                let path = self.open(false).await;
                let Ask {
                    caller,
                    path: requests,
                    body,
                    ..
                } = self.more_time(&path);
                let asked = caller.post(&requests, &body).await.expect(201);
                let tail = format!(
                    "/extension-requests/{}/answer",
                    asked.json["id"].as_str().expect("an id")
                );
                self.of_lead(&path, &tail, json!({"outcome": "granted"})).await
            }
            "requeue_delivery" => {
                self.open(false).await;
                Ask {
                    caller: self.provider.clone(),
                    path: format!("/deliveries/{}/requeue", given_up(exchange).await),
                    etag: None,
                    body: nothing,
                }
            }
            "close_query" => {
                let path = self.open(true).await;
                self.of_lead(&path, "/closure", reason).await
            }
            "make_edition" => {
                let path = self.closed().await;
                self.of_lead(&path, "/editions", nothing).await
            }
            "send_compilation" => {
                let path = self.compiled().await;
                self.of_lead(&path, "/dispatch", nothing).await
            }
            "sign_summary" => {
                let path = self.compiled().await;
                let summary = format!("{path}/summary");
                let begun = etag(&self.lead, &summary).await;
                let text = json!({"background": "Why.", "respondents": "One.", "findings": "- It registers."});
                self.lead.put_if(&summary, &begun, &text).await.expect(200);
                self.of_lead(&summary, "/signature", nothing).await
            }
            "publish_edition" => {
                let path = self.compiled().await;
                self.of_lead(&path, "/publication", json!({"edition": 1})).await
            }
            "place_hold" => {
                let path = self.compiled().await;
                Ask {
                    caller: self.lead.clone(),
                    path: format!("{path}/holds"),
                    etag: None,
                    body: json!({"office": "AT", "reason": "It names a person."}),
                }
            }
            "ask_export" => {
                let path = self.compiled().await;
                let query = path.trim_start_matches("/queries/");
                Ask {
                    caller: self.lead.clone(),
                    path: "/exports".to_owned(),
                    etag: None,
                    body: json!({"queries": [query], "formats": ["html"]}),
                }
            }
            "ask_contribution" => {
                let path = self.open(false).await;
                self.contribution(&path)
            }
            "merge_contribution" => {
                let path = self.open(false).await;
                let (response, tag) = self.drafting(&path).await;
                let ask = self.contribution(&path);
                let asked = ask.caller.post(&ask.path, &ask.body).await.expect(201);
                let link = contribution_link(exchange).await;
                let expert = Client::new(self.base.clone());
                let begun = expert.get(&link).await.expect(200);
                let put = json!({"answers": {"q1": answers()["answers"]["q1"]}});
                let saved = expert.put_if(&link, &begun.etag(), &put).await.expect(200);
                let returned = format!("{link}/return");
                expert.post_if(&returned, &saved.etag(), &nothing).await.expect(200);
                let id = asked.json["id"].as_str().expect("an id");
                Ask {
                    caller: self.answering.clone(),
                    path: format!("{response}/contributions/{id}/merge"),
                    etag: Some(tag),
                    body: json!({"questions": ["q1"]}),
                }
            }
            "attach_to_answer" => {
                let path = self.open(false).await;
                let (response, _) = self.drafting(&path).await;
                Ask {
                    caller: self.answering.clone(),
                    path: format!("{response}/answers/q1/attachments?name=a.txt"),
                    etag: None,
                    body: json!(FILE),
                }
            }
            "attach_to_query" => {
                let name = self.name();
                let (path, _) = drafted(&self.lead, &name).await;
                Ask {
                    caller: self.lead.clone(),
                    path: format!("{path}/attachments?name=a.txt"),
                    etag: None,
                    body: json!(FILE),
                }
            }
            "ask_for_approval" => {
                self.settle_approval(exchange).await;
                let path = self.open(false).await;
                let response = format!("{path}/responses/BE");
                let saved = self.approving.put(&response, &answers()).await.expect(201);
                Ask {
                    caller: self.approving.clone(),
                    path: format!("{response}/approval"),
                    etag: Some(saved.etag()),
                    body: nothing,
                }
            }
            "submit_response" => {
                let path = self.open(false).await;
                let (response, tag) = self.drafting(&path).await;
                Ask {
                    caller: self.answering.clone(),
                    path: format!("{response}/submission"),
                    etag: Some(tag),
                    body: nothing,
                }
            }
            "decline_response" => {
                let path = self.open(false).await;
                Ask {
                    caller: self.answering.clone(),
                    path: format!("{path}/responses/AT/declination"),
                    etag: None,
                    body: reason,
                }
            }
            "retract_response" => {
                let path = self.open(true).await;
                let response = format!("{path}/responses/AT");
                Ask {
                    caller: self.answering.clone(),
                    etag: Some(etag(&self.answering, &response).await),
                    path: format!("{response}/retraction"),
                    body: reason,
                }
            }
            _ => return None,
        })
    }
}

/// A new wording of the first question.
fn correction() -> Value {
    json!({"reason": "A year was missing.", "questions": [{"id": "q1", "text": "What was registered in 2025?"}]})
}

/// The operation ids of all POSTs of the document, and whether each takes an Idempotency-Key.
fn operations() -> Vec<(String, bool)> {
    let document = ahq_api::document();
    let paths = document["paths"].as_object().expect("a document has paths");
    paths
        .values()
        .filter_map(|path| path.get("post"))
        .map(|post| {
            let id = post["operationId"]
                .as_str()
                .expect("an operation has its id")
                .to_owned();
            let parameters = post["parameters"].as_array();
            let keyed = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"));
            (id, keyed)
        })
        .collect()
}

/// Sends a request; none when no whole reply came back.
async fn send(ask: &Ask, key: &str) -> Option<Told> {
    let request = ask.caller.request(Method::POST, &ask.path);
    let mut request = match ask.body.as_str() {
        Some(FILE) => request.header("Content-Type", "text/plain").body(FILE),
        _ => request.json(&ask.body),
    };
    request = request.header("Idempotency-Key", key);
    if let Some(etag) = &ask.etag {
        request = request.header("If-Match", etag);
    }
    let reply = request.send().await.ok()?;
    let header = |name: &str| Some(reply.headers().get(name)?.to_str().ok()?.to_owned());
    let (status, location, etag) = (reply.status().as_u16(), header("location"), header("etag"));
    let body = reply.text().await.ok()?;
    Some(Told {
        status,
        location,
        etag,
        body,
    })
}

/// A message that nobody will try again.
async fn given_up(exchange: &Exchange) -> MessageId {
    let now = system::clock().now();
    let message = exchange.store().write(move |conn| {
        let claimed = outbox::claim(conn, now, now, 1)?.pop().expect("mail is waiting");
        outbox::settle(
            conn,
            claimed.id,
            claimed.lease,
            OutboxStatus::Failed,
            now,
            Some("no such address"),
        )?;
        Ok::<_, StoreError>(claimed.id)
    });
    message.await.expect("a message is given up")
}

/// The erasure of Austria's response.
fn erasure(query: &str) -> Value {
    json!({"order": "SP/2026/17", "query": query.trim_start_matches("/queries/"), "office": "AT"})
}

/// The link of the contribution that was asked for last, as its mail would have it.
async fn contribution_link(exchange: &Exchange) -> String {
    let newest = exchange.store().read(|conn| outbox::page(conn, None, None, &[], 10));
    let newest = newest.await.expect("messages");
    let asked = newest.iter().find(|entry| entry.kind == "contribution_asked");
    let secret = exchange.keys().link_secret(asked.expect("a message").id);
    format!("/contributions/{secret}")
}

async fn rows(exchange: &Exchange) -> Rows {
    let counted = exchange.store().read(|conn| {
        let tables = conn.tables()?;
        let counts = tables
            .into_iter()
            .map(|table| Ok((table.clone(), conn.count_rows(&table)?.cast_signed())));
        counts.collect::<Result<Rows, StoreError>>()
    });
    counted.await.expect("the tables are counted")
}

/// By how many rows each table changed.
fn added(before: &Rows, after: &Rows) -> Rows {
    let changed = after
        .iter()
        .map(|(table, count)| (table.clone(), count - before[table]));
    changed.filter(|(_, count)| *count != 0).collect()
}

/// What was found out.
#[derive(Default)]
struct Findings {
    faults: usize,
    /// Requests that a kill left without a reply.
    cut: usize,
    /// Those of them whose effect was there when the program came back.
    done: usize,
}

impl Findings {
    fn fault(&mut self, operation: &str, text: impl std::fmt::Display) {
        self.faults += 1;
        say(format!("  {operation}: {text}"));
    }
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(mut scene) = Scene::set(order, &["LU", "NL", "AT", "BE", "SP"]).await else {
        return Vec::new();
    };
    let exchange = scene.installation.exchange().await;
    let mut findings = Findings::default();
    let (mut next, mut tried) = (0, 0);
    for (operation, keyed) in operations() {
        let exempt = WITHOUT_KEY.iter().any(|(name, _)| *name == operation);
        if exempt == keyed {
            findings.fault(
                &operation,
                "takes a key and is listed without one, or the other way round",
            );
        }
        if !keyed {
            continue;
        }
        let mut cast = Cast::of(&scene, next).await;
        tried += 1;
        say(format!("  {}: {operation}", order.goal("R8")));
        one(&operation, order, &mut scene, &mut cast, &exchange, &mut findings).await;
        next = cast.next;
        if order.is_decided(findings.faults) {
            break;
        }
    }
    exchange.store().close().await;
    say(format!(
        "  {tried} operations; {} requests without a reply, {} of them done when the program came back",
        findings.cut, findings.done
    ));
    let measured = findings.faults;
    vec![Goal::new(order.goal("R8"), measured, 0, measured == 0 && tried > 0)]
}

/// One operation: alone, five times at once, and killed.
async fn one(
    operation: &str,
    order: &Order,
    scene: &mut Scene,
    cast: &mut Cast,
    exchange: &Exchange,
    findings: &mut Findings,
) {
    let Some(ask) = cast.arrange(operation, exchange).await else {
        findings.fault(operation, "has no row");
        return;
    };
    let (before, begun) = (rows(exchange).await, Instant::now());
    let alone = send(&ask, "alone").await;
    let took = begun.elapsed();
    let effect = added(&before, &rows(exchange).await);
    if alone.as_ref().is_none_or(|told| told.status >= 300) {
        findings.fault(operation, format!("was not done: {alone:?}"));
        return;
    }
    if effect.keys().all(|table| table == "replays") {
        findings.fault(operation, "left no trace in the tables");
    }

    let ask = cast.arrange(operation, exchange).await.expect("it has a row");
    let before = rows(exchange).await;
    let told = five_at_once(&ask).await;
    if told.iter().any(|one| one.is_none() || *one != told[0]) || told[0].as_ref().is_none_or(|one| one.status >= 300) {
        findings.fault(operation, format!("five at once were told different things: {told:?}"));
    }
    let now = added(&before, &rows(exchange).await);
    if now != effect {
        findings.fault(operation, format!("five at once added {now:?} instead of {effect:?}"));
    }

    for turn in 0..if order.short { KILLS_SHORT } else { KILLS } {
        let ask = cast.arrange(operation, exchange).await.expect("it has a row");
        let before = rows(exchange).await;
        let key = format!("killed-{turn}");
        killed(operation, &ask, &key, took, &before, &effect, scene, exchange, findings).await;
    }
}

/// Sends a request five times at once.
async fn five_at_once(ask: &Ask) -> Vec<Option<Told>> {
    let (a, b, c, d, e) = tokio::join!(
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
        send(ask, "five"),
    );
    let told = vec![a, b, c, d, e];
    assert_eq!(told.len(), AT_ONCE);
    told
}

/// Sends a request, kills the program at a random moment, and repeats it.
#[expect(clippy::too_many_arguments, reason = "each is one thing the step looks at")]
async fn killed(
    operation: &str,
    ask: &Ask,
    key: &str,
    took: Duration,
    before: &Rows,
    effect: &Rows,
    scene: &mut Scene,
    exchange: &Exchange,
    findings: &mut Findings,
) {
    let chance = f64::from(system::randomness().bytes::<1>()[0]) / 255.0;
    let (first, ()) = tokio::join!(send(ask, key), async {
        tokio::time::sleep(took.mul_f64(chance * 1.2)).await;
        scene.process.kill();
    });
    if first.is_none() {
        findings.cut += 1;
        findings.done += usize::from(!added(before, &rows(exchange).await).is_empty());
    }
    scene.process = serve(&scene.installation).await;
    let second = send(ask, key).await;
    let third = send(ask, key).await;
    if second.is_none() || second != third || second.as_ref().is_some_and(|told| told.status >= 300) {
        findings.fault(operation, format!("after a kill: {second:?}, then {third:?}"));
    }
    if first.is_some() && first != second {
        findings.fault(operation, format!("before the kill {first:?}, after it {second:?}"));
    }
    let now = added(before, &rows(exchange).await);
    if now != *effect {
        findings.fault(
            operation,
            format!("a kill and a repeat added {now:?} instead of {effect:?}"),
        );
    }
}
