//! A request that is right in itself for each operation, so that only the rights of its caller and the status decide.

use ahq_harness::{Client, PASSWORD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::callers::{invited, token, user};
use crate::world::{Position, World, answers, draft};

const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A year of which nothing is counted.
const HOLIDAYS: &str = "/calendar/holidays/LU/2199";
/// What the lead has settled for itself.
const SETTINGS: &str = "/offices/LU/settings";
const USER_LIST: &str = "/offices/LU/user-list";
/// The addresses of the lead's feed.
const FEEDS: &str = "/offices/LU/calendar-feeds";
/// The lead's service accounts.
const ACCOUNTS: &str = "/offices/LU/service-accounts";
/// The caller's own tokens.
const TOKENS: &str = "/me/tokens";

/// A request that is still without a caller.
pub(crate) struct Planned {
    pub(crate) method: Method,
    pub(crate) path: String,
    body: Option<Value>,
    /// A body that is no JSON.
    document: Option<(&'static str, Vec<u8>)>,
    etag: Option<String>,
}

impl Planned {
    /// Sends it as somebody; the status, and the text of the reply.
    pub(crate) async fn send(&self, client: &Client) -> (u16, String) {
        let mut request = client.request(self.method.clone(), &self.path);
        if let Some(etag) = &self.etag {
            request = request.header("If-Match", etag);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some((kind, document)) = &self.document {
            request = request.header("Content-Type", *kind).body(document.clone());
        }
        let reply = client.send(request).await;
        (reply.status, reply.text)
    }
}

/// Where Austria's response has to stand for an operation to be about something.
pub(crate) fn position(operation: &str) -> Position {
    match operation {
        "ask_for_extension"
        | "answer_extension_request"
        | "save_response"
        | "save_answer"
        | "remove_answer"
        | "attach_to_answer"
        | "detach_from_answer"
        | "ask_for_approval"
        | "submit_response"
        | "decline_response" => Position::Drafting,
        "resume_response" => Position::Declined,
        _ => Position::Submitted,
    }
}

/// The request of an operation, to the query at `query` where it is about one.
pub(crate) async fn planned(world: &mut World, operation: &str, query: &str) -> Planned {
    let (name, keys) = operation.split_once('?').unwrap_or((operation, ""));
    let (method, part, body) = match name {
        "read_query" => (Method::GET, "", None),
        "change_query" => (Method::PUT, "", Some(draft())),
        "delete_query" => (Method::DELETE, "", None),
        "launch_query" => (Method::POST, "/launch", Some(json!({"addressed": "members"}))),
        "invite_joint_office" => (Method::POST, "/joint-offices", Some(json!({"office": "FR"}))),
        "accept_joint_invitation" => (Method::POST, "/joint-acceptance", Some(json!({}))),
        "close_query" => (Method::POST, "/closure", Some(json!({"reason": "Enough."}))),
        "extend_query" => (Method::POST, "/extensions", Some(extension(world))),
        "withdraw_query" => (Method::POST, "/withdrawal", Some(json!({"reason": "Asked elsewhere."}))),
        "correct_query" => (Method::POST, "/corrections", Some(correction())),
        "list_corrections" => (Method::GET, "/corrections", None),
        "ask_clarification" => (Method::POST, "/clarifications", Some(clarification())),
        "list_clarifications" => (Method::GET, "/clarifications", None),
        "reply_to_clarification" => return clarification_reply(world, query).await,
        "list_query_deliveries" => (Method::GET, "/deliveries", None),
        "list_reminders" => (Method::GET, "/reminders", None),
        "send_reminder" => (Method::POST, "/reminders", Some(json!({}))),
        "list_extension_requests" => (Method::GET, "/extension-requests", None),
        "ask_for_extension" => (Method::POST, "/extension-requests", Some(extension(world))),
        "answer_extension_request" => return extension_answer(world, query).await,
        "make_edition" => (Method::POST, "/editions", Some(json!({}))),
        "list_editions" => (Method::GET, "/editions", None),
        "read_edition" => (Method::GET, "/editions/1", None),
        "read_comparison" => (Method::GET, "/comparison", None),
        "send_compilation" => (Method::POST, "/dispatch", Some(json!({}))),
        "publish_edition" => (Method::POST, "/publication", Some(json!({"edition": 1}))),
        "unpublish_edition" => (Method::DELETE, "/publication", None),
        "place_hold" => (
            Method::POST,
            "/holds",
            Some(json!({"office": "AT", "reason": "It names a person."})),
        ),
        "list_holds" => (Method::GET, "/holds", None),
        "lift_hold" => return lift(world, query).await,
        "read_summary" => (Method::GET, "/summary", None),
        "save_summary" => (Method::PUT, "/summary", Some(summary())),
        "sign_summary" => (Method::POST, "/summary/signature", Some(json!({}))),
        "list_responses" => (Method::GET, "/responses", None),
        "read_response" => (Method::GET, "/responses/AT", None),
        "save_response" => (Method::PUT, "/responses/AT", Some(answers(crate::world::WORDS))),
        "read_answer" => (Method::GET, "/responses/AT/answers/q3", None),
        "save_answer" => (
            Method::PUT,
            "/responses/AT/answers/q3",
            Some(json!({"text": "Another."})),
        ),
        "remove_answer" => (Method::DELETE, "/responses/AT/answers/q3", None),
        "ask_contribution" => (Method::POST, "/responses/AT/contributions", Some(contribution(world))),
        "list_contributions" => (Method::GET, "/responses/AT/contributions", None),
        "revoke_contribution" => {
            return Planned {
                method: Method::DELETE,
                path: asked_contribution(world, query).await,
                body: None,
                document: None,
                etag: None,
            };
        }
        "merge_contribution" => return merge(world, query).await,
        "list_answer_attachments" => (Method::GET, "/responses/AT/answers/q2/attachments", None),
        "list_query_attachments" => (Method::GET, "/attachments", None),
        "attach_to_answer"
        | "download_answer_attachment"
        | "detach_from_answer"
        | "attach_to_query"
        | "download_query_attachment"
        | "detach_from_query"
        | "download_public_attachment" => return with_file(world, name, query).await,
        "ask_for_approval" => (Method::POST, "/responses/AT/approval", Some(json!({}))),
        "submit_response" => (Method::POST, "/responses/AT/submission", Some(json!({}))),
        "decline_response" => (
            Method::POST,
            "/responses/AT/declination",
            Some(json!({"reason": "No."})),
        ),
        "resume_response" => (Method::DELETE, "/responses/AT/declination", None),
        "retract_response" => (
            Method::POST,
            "/responses/AT/retraction",
            Some(json!({"reason": "Wrong."})),
        ),
        "confirm_answers" => return confirmation(world, query).await,
        "change_circles" => (Method::PUT, "/responses/AT/circles", Some(json!({"circle": "network"}))),
        "list_versions" => (Method::GET, "/responses/AT/versions", None),
        "read_version" => (Method::GET, "/responses/AT/versions/1", None),
        "download_word_form" => (Method::GET, "/responses/AT/word-form", None),
        "read_word_form" => return word_form(world, query).await,
        "read_public_edition" => {
            return Planned {
                method: Method::GET,
                path: format!("/public{query}/edition?format=json"),
                body: None,
                document: None,
                etag: None,
            };
        }
        _ => return without_query(world, name).await,
    };
    let path = format!("{query}{part}{}{keys}", if keys.is_empty() { "" } else { "?" });
    let etag = if method == Method::GET {
        None
    } else {
        etag(world, query, part).await
    };
    Planned {
        method,
        path,
        body,
        document: None,
        etag,
    }
}

/// Austria's form, as it was downloaded; where there is none, any document will do.
async fn word_form(world: &World, query: &str) -> Planned {
    let path = format!("{query}/responses/AT/word-form");
    let form = world.callers.named("answering").get(&path).await;
    Planned {
        method: Method::POST,
        path,
        body: None,
        document: Some((WORD, form.bytes)),
        etag: None,
    }
}

/// A file that is attached, or one that is there; where there is none, any id will do.
async fn with_file(world: &World, name: &str, query: &str) -> Planned {
    let own = if name.contains("query") { "lead" } else { "answering" };
    let beside = match name {
        "attach_to_query" | "download_query_attachment" | "detach_from_query" => format!("{query}/attachments"),
        "download_public_attachment" => format!("{query}/responses/AT/answers/q3/attachments"),
        _ => format!("{query}/responses/AT/answers/q2/attachments"),
    };
    let client = world.callers.named(own);
    if name.starts_with("attach") {
        return Planned {
            method: Method::POST,
            path: format!("{beside}?name=words.txt"),
            body: None,
            document: Some((TEXT, b"Words.".to_vec())),
            etag: None,
        };
    }
    if name.starts_with("detach") {
        client.attach(&beside, TEXT, "words.txt", "Words.").await;
    }
    let there = client.get(&beside).await;
    let id = there.json["items"][0]["id"]
        .as_str()
        .unwrap_or("00000000-0000-7000-8000-000000000000");
    let path = match name {
        "download_public_attachment" => format!("/public{query}/attachments/{id}"),
        _ => format!("{beside}/{id}"),
    };
    Planned {
        method: if name.starts_with("detach") {
            Method::DELETE
        } else {
            Method::GET
        },
        path,
        body: None,
        document: None,
        etag: None,
    }
}

/// An answer to a request that Austria has made, where it could make one.
async fn extension_answer(world: &World, query: &str) -> Planned {
    let requests = format!("{query}/extension-requests");
    let asked = world
        .callers
        .named("answering")
        .post(&requests, &extension(world))
        .await;
    let request = asked.json["id"]
        .as_str()
        .unwrap_or("00000000-0000-7000-8000-000000000000");
    let path = format!("{requests}/{request}/answer");
    Planned {
        method: Method::POST,
        body: Some(json!({"outcome": "granted"})),
        document: None,
        etag: etag(world, query, "").await,
        path,
    }
}

/// The end of a hold on Austria's response, where there could be one.
async fn lift(world: &World, query: &str) -> Planned {
    let holds = format!("{query}/holds");
    let hold = json!({"office": "AT", "reason": "It names a person."});
    let placed = world.callers.named("commission").post(&holds, &hold).await;
    let id = placed.json["id"]
        .as_str()
        .unwrap_or("00000000-0000-7000-8000-000000000000");
    Planned {
        method: Method::DELETE,
        path: format!("{holds}/{id}"),
        body: None,
        document: None,
        etag: None,
    }
}

/// A reply to what Austria asked, where it could ask.
async fn clarification_reply(world: &World, query: &str) -> Planned {
    let clarifications = format!("{query}/clarifications");
    let asked = world
        .callers
        .named("answering")
        .post(&clarifications, &clarification())
        .await;
    let id = asked.json["id"]
        .as_str()
        .unwrap_or("00000000-0000-7000-8000-000000000000");
    Planned {
        method: Method::POST,
        path: format!("{clarifications}/{id}/reply"),
        body: Some(json!({"text": "Of 2025."})),
        document: None,
        etag: None,
    }
}

/// A confirmation of Austria's answer to a question that was corrected, where it could be.
async fn confirmation(world: &World, query: &str) -> Planned {
    let tag = etag(world, query, "").await.unwrap_or_default();
    let corrections = format!("{query}/corrections");
    world.lead().post_if(&corrections, &tag, &correction()).await;
    Planned {
        method: Method::POST,
        path: format!("{query}/responses/AT/confirmation"),
        body: Some(json!({"questions": [{"id": "q1", "revision": 2}]})),
        document: None,
        etag: etag(world, query, "/responses/AT").await,
    }
}

fn correction() -> Value {
    json!({"reason": "A year was missing.", "questions": [{"id": "q1", "text": "Who, in 2025?"}]})
}

fn clarification() -> Value {
    json!({"question": "q1", "text": "Of which year?"})
}

fn extension(world: &World) -> Value {
    let later = world.app.exchange().clock().now() + chrono::Duration::days(45);
    json!({"deadline": later.date_naive(), "reason": "Several asked for more time."})
}

fn summary() -> Value {
    json!({"background": "Why.", "respondents": "Who.", "findings": "What."})
}

/// The ETag that a change needs: of the answer, the response, the summary or the query, read by whoever may read it.
async fn etag(world: &World, query: &str, part: &str) -> Option<String> {
    let (reader, path) = if part.contains("/answers/") {
        ("answering", format!("{query}{part}"))
    } else if part.starts_with("/responses/AT") {
        ("answering", format!("{query}/responses/AT"))
    } else if part.starts_with("/summary") {
        ("lead", format!("{query}/summary"))
    } else {
        ("lead", query.to_owned())
    };
    let reply = world.callers.named(reader).get(&path).await;
    // Of what is not there, such as a response to a draft, any will do: it is refused before it is looked at.
    Some(if reply.status == 200 {
        reply.etag()
    } else {
        "\"v1-0\"".to_owned()
    })
}

/// The operations that are about no query.
async fn without_query(world: &mut World, name: &str) -> Planned {
    let email = world.new_email();
    let lead = world.lead().clone();
    let (method, path, body) = match name {
        "list_holidays" => (Method::GET, "/calendar/holidays?year=2026".to_owned(), None),
        "count_working_days" => (
            Method::GET,
            "/calendar/working-days?from=2026-11-03&days=20".to_owned(),
            None,
        ),
        "read_holidays" => (Method::GET, HOLIDAYS.to_owned(), None),
        "replace_holidays" => {
            let now = lead.get(HOLIDAYS).await.expect(200);
            return Planned {
                method: Method::PUT,
                path: HOLIDAYS.to_owned(),
                body: Some(json!({"holidays": [{"date": "2199-06-23", "name": "National Day"}]})),
                document: None,
                etag: Some(now.etag()),
            };
        }
        "list_service_accounts" => (Method::GET, ACCOUNTS.to_owned(), None),
        "list_tokens" => (Method::GET, TOKENS.to_owned(), None),
        "make_service_account" => (Method::POST, ACCOUNTS.to_owned(), Some(token(&world.app, &["read"]))),
        "make_token" => (Method::POST, TOKENS.to_owned(), Some(token(&world.app, &["read"]))),
        "revoke_service_account" | "revoke_token" => {
            let all = if name == "revoke_token" { TOKENS } else { ACCOUNTS };
            let made = lead.post(all, &token(&world.app, &["read"])).await.expect(201);
            let id = made.json["id"].as_str().expect("an id");
            (Method::DELETE, format!("{all}/{id}"), None)
        }
        "list_calendar_feeds" => (Method::GET, FEEDS.to_owned(), None),
        "make_calendar_feed" => (Method::POST, FEEDS.to_owned(), Some(json!({}))),
        "revoke_calendar_feed" | "read_deadline_feed" => {
            let made = lead.post(FEEDS, &json!({})).await.expect(201);
            if name == "revoke_calendar_feed" {
                let id = made.json["id"].as_str().expect("an id");
                (Method::DELETE, format!("{FEEDS}/{id}"), None)
            } else {
                let address = made.json["address"].as_str().expect("an address");
                let path = address.split_once("/api/v1").expect("below the interface").1;
                (Method::GET, path.to_owned(), None)
            }
        }
        "read_query_feed" => (Method::GET, "/feeds/queries.atom".to_owned(), None),
        "read_invitation" | "accept_invitation" => {
            let path = format!("/invitations/{}", invited(&world.app, &lead, &email).await);
            if name == "read_invitation" {
                (Method::GET, path, None)
            } else {
                (Method::POST, path, Some(json!({"password": PASSWORD})))
            }
        }
        "read_contribution"
        | "save_contribution"
        | "return_contribution"
        | "decline_contribution"
        | "download_contribution_form"
        | "read_contribution_form" => {
            return linked(world, name).await;
        }
        "read_unsubscription" => (Method::GET, unsubscription(world).await, None),
        "end_subscription" => {
            return Planned {
                method: Method::POST,
                path: unsubscription(world).await,
                body: None,
                document: Some((FORM, b"List-Unsubscribe=One-Click".to_vec())),
                etag: None,
            };
        }
        "read_me" => (Method::GET, "/me".to_owned(), None),
        "read_notifications" => (Method::GET, "/me/notifications".to_owned(), None),
        "change_notifications" => {
            return Planned {
                method: Method::PUT,
                path: "/me/notifications".to_owned(),
                body: Some(json!({"mail": "digest"})),
                document: None,
                etag: Some("\"v0-0\"".to_owned()),
            };
        }
        "list_audit" => (Method::GET, "/audit".to_owned(), None),
        "list_office_audit" => (Method::GET, "/offices/LU/audit".to_owned(), None),
        "list_deliveries" => (Method::GET, "/deliveries".to_owned(), None),
        "read_delivery" | "requeue_delivery" => {
            let query = world.query("open", Position::Submitted).await;
            world.give_back("open", Position::Submitted, query);
            let all = world.callers.named("provider").get("/deliveries").await.expect(200);
            let path = format!("/deliveries/{}", all.json["items"][0]["id"].as_str().expect("an id"));
            if name == "read_delivery" {
                (Method::GET, path, None)
            } else {
                (Method::POST, format!("{path}/requeue"), Some(json!({})))
            }
        }
        "list_offices" => (Method::GET, "/offices".to_owned(), None),
        "read_office" => (Method::GET, "/offices/AT".to_owned(), None),
        "read_office_settings" => (Method::GET, SETTINGS.to_owned(), None),
        "change_office_settings" => {
            let now = lead.get(SETTINGS).await.expect(200);
            return Planned {
                method: Method::PUT,
                path: SETTINGS.to_owned(),
                body: Some(json!({"approval": false})),
                document: None,
                etag: Some(now.etag()),
            };
        }
        "read_user_list" => (Method::GET, USER_LIST.to_owned(), None),
        "confirm_user_list" => {
            let now = lead.get(USER_LIST).await.expect(200);
            return Planned {
                method: Method::POST,
                path: format!("{USER_LIST}/confirmation"),
                body: Some(json!({})),
                document: None,
                etag: Some(now.etag()),
            };
        }
        "list_erasures" => (Method::GET, "/erasures".to_owned(), None),
        "ask_erasure" => {
            let asked = erasure(world, true).await;
            (Method::POST, "/erasures".to_owned(), Some(asked))
        }
        "read_erasure" | "confirm_erasure" | "withdraw_erasure" => {
            let wanted = erasure(world, name != "confirm_erasure").await;
            let asked = world
                .app
                .second_coordinator("SP")
                .await
                .post("/erasures", &wanted)
                .await;
            let path = format!("/erasures/{}", asked.expect(201).json["id"].as_str().expect("an id"));
            match name {
                "read_erasure" => (Method::GET, path, None),
                "withdraw_erasure" => (Method::POST, format!("{path}/withdrawal"), Some(json!({}))),
                _ => (Method::POST, format!("{path}/confirmation"), Some(json!({}))),
            }
        }
        "list_user_lists" => (Method::GET, "/user-lists".to_owned(), None),
        "list_users" => (Method::GET, "/offices/LU/users".to_owned(), None),
        "invite_user" => (
            Method::POST,
            "/offices/LU/users".to_owned(),
            Some(json!({"name": "Anna Muster", "email": email, "role": "reader"})),
        ),
        "read_user" | "change_user" => {
            let path = user(&lead, "lu.reader@example.org").await;
            let now = lead.get(&path).await.expect(200);
            if name == "read_user" {
                (Method::GET, path, None)
            } else {
                return Planned {
                    method: Method::PUT,
                    path,
                    body: Some(json!({"name": "Renamed", "grants": now.json["grants"]})),
                    document: None,
                    etag: Some(now.etag()),
                };
            }
        }
        "ask_export" => (Method::POST, "/exports".to_owned(), Some(export(world).await)),
        "read_export" | "download_export" => {
            let wanted = export(world).await;
            let asked = lead.post("/exports", &wanted).await.expect(201);
            while world.app.exchange().make_export().await.expect("a document") {}
            let part = if name == "read_export" { "" } else { "/file" };
            let id = asked.json["id"].as_str().expect("an id");
            (Method::GET, format!("/exports/{id}{part}"), None)
        }
        "get_openapi" => (Method::GET, "/openapi.json".to_owned(), None),
        "list_public_queries" => (Method::GET, "/public/queries".to_owned(), None),
        "list_queries" => (Method::GET, "/queries".to_owned(), None),
        "create_query" => (Method::POST, "/queries".to_owned(), Some(draft())),
        "list_topics" => (Method::GET, "/topics".to_owned(), None),
        "read_session" => (Method::GET, "/session".to_owned(), None),
        "sign_out" => (Method::DELETE, "/session".to_owned(), None),
        "sign_in" => (Method::POST, "/session".to_owned(), Some(credentials())),
        "list_sessions" => (Method::GET, "/sessions".to_owned(), None),
        "end_session" => {
            let tokens = world.app.public().post("/session", &credentials()).await.expect(201);
            let other = world.app.public().with_session(&tokens.json);
            let session = other.get("/session").await.expect(200);
            let id = session.json["id"].as_str().expect("an id");
            (Method::DELETE, format!("/sessions/{id}"), None)
        }
        "ask_password_reset" => (
            Method::POST,
            "/password-resets".to_owned(),
            Some(json!({"email": email})),
        ),
        "reset_password" => {
            member(world, &lead, &email).await;
            world
                .app
                .public()
                .post("/password-resets", &json!({"email": email}))
                .await
                .expect(204);
            let path = mailed_path(world, &email, "/password-resets/").await;
            (Method::POST, path, Some(json!({"password": PASSWORD})))
        }
        "change_password" => {
            let same = json!({"password": PASSWORD, "newPassword": PASSWORD});
            (Method::POST, "/me/password".to_owned(), Some(same))
        }
        "ask_address_change" => {
            let change = json!({"password": PASSWORD, "email": email});
            (Method::POST, "/me/address".to_owned(), Some(change))
        }
        "confirm_address" => {
            let user = member(world, &lead, &email).await;
            let new = world.new_email();
            user.post("/me/address", &json!({"password": PASSWORD, "email": new}))
                .await
                .expect(204);
            let path = mailed_path(world, &new, "/address-changes/").await;
            (Method::POST, path, Some(json!({})))
        }
        "read_second_factor" => (Method::GET, "/me/totp".to_owned(), None),
        "begin_second_factor" => (Method::POST, "/me/totp".to_owned(), Some(json!({"password": PASSWORD}))),
        "confirm_second_factor" => (
            Method::POST,
            "/me/totp/confirmation".to_owned(),
            Some(json!({"code": "123456"})),
        ),
        "renew_recovery_codes" => (
            Method::POST,
            "/me/totp/recovery-codes".to_owned(),
            Some(json!({"password": PASSWORD})),
        ),
        "remove_second_factor" => (
            Method::POST,
            "/me/totp/removal".to_owned(),
            Some(json!({"password": PASSWORD})),
        ),
        "list_providers" => (Method::GET, "/oidc/providers".to_owned(), None),
        "begin_authorization" => (
            Method::POST,
            "/oidc/providers/home/authorizations".to_owned(),
            Some(json!({"purpose": "sign_in"})),
        ),
        "list_identities" => (Method::GET, "/me/identities".to_owned(), None),
        "link_identity" => {
            let way = way_of(world, &lead, &link_wanted(), &email).await;
            (Method::POST, "/me/identities".to_owned(), Some(way))
        }
        "sign_in_through_provider" => {
            linked_identity(world, &lead, &email).await;
            let nobody = world.app.public();
            let mut way = way_of(world, &nobody, &json!({"purpose": "sign_in"}), &email).await;
            way.as_object_mut().expect("an object").remove("provider");
            (Method::POST, "/oidc/providers/home/sessions".to_owned(), Some(way))
        }
        "remove_identity" => {
            let id = linked_identity(world, &lead, &email).await;
            (Method::DELETE, format!("/me/identities/{id}"), None)
        }
        "renew_invitation" => {
            invited(&world.app, &lead, &email).await;
            let path = format!("{}/invitation", user(&lead, &email).await);
            (Method::POST, path, Some(json!({})))
        }
        "reset_user" => {
            member(world, &lead, &email).await;
            let path = format!("{}/reset", user(&lead, &email).await);
            (Method::POST, path, Some(json!({"order": "SP/2026/17"})))
        }
        "refresh_session" => {
            let tokens = world.app.public().post("/session", &credentials()).await.expect(201);
            let body = json!({"refreshToken": tokens.json["refreshToken"]});
            (Method::POST, "/session/refresh".to_owned(), Some(body))
        }
        _ => panic!("{name} is no operation of the document"),
    };
    Planned {
        method,
        path,
        body,
        document: None,
        etag: None,
    }
}

/// What Austria asks an expert for.
fn contribution(world: &World) -> Value {
    let later = world.app.exchange().clock().now() + chrono::Duration::days(7);
    json!({"email": "expert@police.example.org", "questions": ["q3"], "replyBy": later.date_naive()})
}

/// The address of a contribution that Austria has asked for, where it could.
async fn asked_contribution(world: &World, query: &str) -> String {
    // So that the next mail to an expert is the one of this contribution.
    world.app.deliver().await;
    let all = format!("{query}/responses/AT/contributions");
    let asked = world.callers.named("answering").post(&all, &contribution(world)).await;
    let id = asked.json["id"]
        .as_str()
        .unwrap_or("00000000-0000-7000-8000-000000000000");
    format!("{all}/{id}")
}

/// The link in the last mail to an expert.
async fn link(world: &World) -> String {
    let mails = world.app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == "expert@police.example.org");
    let text = mail.expect("a mail").content.text().to_owned();
    let start = text.find("/contributions/").expect("a link");
    text[start..].split_whitespace().next().expect("a secret").to_owned()
}

async fn put_in(world: &World, link: &str) -> String {
    let nobody = world.app.public();
    let begun = nobody.get(link).await.expect(200);
    let saved = nobody.put_if(link, &begun.etag(), &put()).await.expect(200);
    saved.etag()
}

fn put() -> Value {
    json!({"answers": {"q3": {"text": "An expert's."}}})
}

/// A merge of what an expert has handed in, where one could be asked.
async fn merge(world: &World, query: &str) -> Planned {
    let path = asked_contribution(world, query).await;
    if !path.ends_with("-8000-000000000000") {
        let link = link(world).await;
        let tag = put_in(world, &link).await;
        let returned = format!("{link}/return");
        world
            .app
            .public()
            .post_if(&returned, &tag, &json!({}))
            .await
            .expect(200);
    }
    Planned {
        method: Method::POST,
        path: format!("{path}/merge"),
        body: Some(json!({"questions": ["q3"]})),
        document: None,
        etag: etag(world, query, "/responses/AT").await,
    }
}

/// What whoever holds a link does with it.
async fn linked(world: &mut World, name: &str) -> Planned {
    let query = world.query("open", Position::Submitted).await;
    asked_contribution(world, &query).await;
    world.give_back("open", Position::Submitted, query);
    let link = link(world).await;
    let tag = put_in(world, &link).await;
    let (method, path, body) = match name {
        "read_contribution" => (Method::GET, link, None),
        "save_contribution" => (Method::PUT, link, Some(put())),
        "return_contribution" => (Method::POST, format!("{link}/return"), Some(json!({}))),
        "download_contribution_form" => (Method::GET, format!("{link}/word-form"), None),
        "read_contribution_form" => {
            let path = format!("{link}/word-form");
            let form = world.app.public().get(&path).await.expect(200);
            return Planned {
                method: Method::POST,
                path,
                body: None,
                document: Some((WORD, form.bytes)),
                etag: None,
            };
        }
        _ => (
            Method::POST,
            format!("{link}/declination"),
            Some(json!({"reason": "Not for us."})),
        ),
    };
    Planned {
        etag: (method != Method::GET).then_some(tag),
        method,
        path,
        body,
        document: None,
    }
}

/// The address that ends the digests of somebody, as it stands in one.
async fn unsubscription(world: &mut World) -> String {
    let query = world.query("open", Position::Submitted).await;
    world.give_back("open", Position::Submitted, query);
    // What happened in the last minute waits for the next digest.
    world.app.pass(chrono::Duration::minutes(2));
    world.app.exchange().write_digests().await.expect("digests");
    let mails = world.app.deliver().await;
    let link = mails.iter().find_map(|mail| mail.unsubscribe.clone()).expect("a link");
    link.split_once("/api/v1").expect("below the interface").1.to_owned()
}

/// The public view of a published query's edition.
async fn export(world: &mut World) -> Value {
    let query = world.query("published", Position::Submitted).await;
    let id = query.trim_start_matches("/queries/").to_owned();
    world.give_back("published", Position::Submitted, query);
    json!({"queries": [id], "circle": "public", "formats": ["json"]})
}

/// A reader of Luxembourg, made for one request and signed in.
async fn member(world: &World, lead: &Client, email: &str) -> Client {
    let secret = invited(&world.app, lead, email).await;
    let password = json!({"password": PASSWORD});
    let path = format!("/invitations/{secret}");
    world.app.public().post(&path, &password).await.expect(201);
    world.app.sign_in(email).await
}

/// The address behind the link of this kind that was mailed last.
async fn mailed_path(world: &World, address: &str, kind: &str) -> String {
    let mails = world.app.deliver().await;
    let mail = mails
        .iter()
        .rfind(|mail| mail.to.address == address && mail.content.text().contains(kind));
    let text = mail.expect("a link").content.text();
    let secret = text[text.find(kind).expect("a link") + kind.len()..]
        .split_whitespace()
        .next();
    format!("{kind}{}", secret.expect("a secret"))
}

fn link_wanted() -> Value {
    json!({"purpose": "link", "password": PASSWORD})
}

/// What somebody comes back from the provider with, where they are called this.
async fn way_of(world: &World, client: &Client, wanted: &Value, subject: &str) -> Value {
    let sent = client
        .post("/oidc/providers/home/authorizations", wanted)
        .await
        .expect(201);
    let address = sent.json["authorizationUrl"].as_str().expect("an address");
    let now = world.app.exchange().clock().now().timestamp();
    let (code, state) = world.provider.approve(address, subject, now, |_| {});
    json!({"provider": "home", "code": code, "state": state, "binding": sent.json["binding"]})
}

/// Links an identity with the account of the lead; its id.
async fn linked_identity(world: &World, lead: &Client, subject: &str) -> String {
    let way = way_of(world, lead, &link_wanted(), subject).await;
    let linked = lead.post("/me/identities", &way).await.expect(201);
    linked.json["id"].as_str().expect("an id").to_owned()
}

fn credentials() -> Value {
    json!({"email": "lu.coordinator@example.org", "password": PASSWORD})
}

/// The erasure of an answer of Austria's, to a query that others use afterwards where the answer stays.
async fn erasure(world: &mut World, stays: bool) -> Value {
    let query = world.query("open", Position::Submitted).await;
    let id = query.trim_start_matches("/queries/").to_owned();
    if stays {
        world.give_back("open", Position::Submitted, query);
    }
    json!({"order": "SP/2026/17", "query": id, "office": "AT", "question": "q1"})
}
