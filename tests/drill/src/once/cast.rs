//! Who asks in the drill of repeated requests, and what each operation needs before it can be asked for.

use ahq_domain::id::MessageId;
use ahq_domain::user::Role;
use ahq_exchange::users::UserInput;
use ahq_exchange::work::Exchange;
use ahq_harness::{Client, PASSWORD};
use ahq_server::system;
use ahq_store::StoreError;
use ahq_store::outbox::{self, OutboxStatus};
use serde_json::{Value, json};

use crate::scene::{Scene, answers, drafted, etag, launched};

/// A request that is ready to be sent.
pub(super) struct Ask {
    pub(super) caller: Client,
    pub(super) path: String,
    pub(super) etag: Option<String>,
    pub(super) body: Value,
}

/// What stands in the place of a body for a request that sends a file.
pub(super) const FILE: &str = "a file";

/// The callers.
pub(super) struct Cast {
    lead: Client,
    other: Client,
    answering: Client,
    approving: Client,
    provider: Client,
    /// Where the program serves.
    base: String,
    /// Makes names that are not taken.
    pub(super) next: u32,
}

impl Cast {
    pub(super) async fn of(scene: &Scene, next: u32) -> Self {
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
    pub(super) async fn arrange(&mut self, operation: &str, exchange: &Exchange) -> Option<Ask> {
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
