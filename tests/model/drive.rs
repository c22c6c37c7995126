//! One sequence: each step is put to the model and to the program, and what both say is compared.

use std::collections::BTreeMap;
use std::rc::Rc;

use ahq_harness::{Client, Reply};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::calendar::day;
use crate::look::Look;
use crate::query::{Model, Refusals, Twist};
use crate::step::{Asked, Caller, Office, QUESTIONS, Role, Says, Sent, Sequence, Step, What, Wish};
use crate::world::{World, begin};

/// How often each kind of step was taken and refused.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<&'static str, (u64, u64)>,
    pub(crate) sequences: u64,
}

impl Tally {
    fn count(&mut self, kind: &'static str, taken: bool) {
        let counts = self.kinds.entry(kind).or_default();
        if taken { counts.0 += 1 } else { counts.1 += 1 }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.kinds.values().map(|(taken, refused)| taken + refused).sum()
    }
}

/// A sequence under way.
struct Drive<'a, 'b> {
    world: &'a mut World,
    model: Model<'b>,
    path: String,
    title: String,
}

/// An ETag of this version; only the version counts.
fn tag(version: i64) -> String {
    format!("\"v{version}-0\"")
}

/// A version that nothing has.
const OLD: i64 = 7_777_777;

/// Plays a sequence; the first difference between the model and the program ends it.
///
/// # Errors
/// The difference, in words.
pub(crate) async fn play(
    world: &mut World,
    sequence: &Sequence,
    twist: Twist,
    tally: &mut Tally,
) -> Result<(), String> {
    tally.sequences += 1;
    world.set_clock(begin());
    set_role(world, Some(Role::Expert)).await?;
    let calendar = Rc::clone(&world.calendar);
    world.queries += 1;
    let title = format!("Sequence {}", world.queries);
    let mut lead = sequence.by;
    let refusals = Model::refuses_creation(lead);
    let client = world.client(lead).await;
    let reply = client.post("/queries", &draft(&title, &sequence.wish)).await;
    same_outcome("create", &refusals, false, &reply)?;
    tally.count("create", refusals.is_empty());
    let mut made = reply;
    if !refusals.is_empty() {
        lead = Caller::User(Office::Lu, Role::Coordinator);
        made = world
            .client(lead)
            .await
            .post("/queries", &draft(&title, &sequence.wish))
            .await;
        same_outcome("create", &vec![], false, &made)?;
        tally.count("create", true);
    }
    let office = lead.office().unwrap_or(Office::Lu);
    let mut drive = Drive {
        model: Model::new(&calendar, twist, begin(), office, sequence.wish),
        world,
        path: format!("/queries/{}", made.json["id"].as_str().unwrap_or_default()),
        title,
    };
    for (index, step) in sequence.steps.iter().enumerate() {
        let taken = drive
            .step(step)
            .await
            .map_err(|said| format!("step {}, {step}: {said}", index + 1))?;
        tally.count(step.what.kind(), taken);
        let reader = Caller::ALL[index % Caller::ALL.len()];
        drive
            .look(reader, false)
            .await
            .map_err(|said| format!("after step {}, {step}: {said}", index + 1))?;
    }
    for reader in &sequence.readers {
        drive
            .look(*reader, true)
            .await
            .map_err(|said| format!("at the end: {said}"))?;
    }
    Ok(())
}

/// Gives the changing user a role, whatever it had.
async fn set_role(world: &mut World, role: Option<Role>) -> Result<(), String> {
    let client = world.client(Caller::User(Office::Lu, Role::Coordinator)).await;
    let path = world.user_path();
    let version = version_at(&client, &path).await;
    let reply = client.put_if(&path, &tag(version), &World::user_change(role)).await;
    world.role_changes(role).await;
    if reply.status == 200 { Ok(()) } else { Err(reply.text) }
}

async fn version_at(client: &Client, path: &str) -> i64 {
    client.get(path).await.json["version"].as_i64().unwrap_or(0)
}

/// Whether the program took or refused a step as the model does. With an old ETag a step that would be taken is stale,
/// and one that would be refused may be.
fn same_outcome(name: &str, refusals: &Refusals, stale: bool, reply: &Reply) -> Result<(), String> {
    let mut right = refusals.clone();
    if stale {
        right.push("stale");
    }
    let said: Vec<String> = match (reply.status, reply.code()) {
        (200..300, _) => vec![],
        (400, "invalid_input") => reply.faults().into_iter().map(|(_, code)| code).collect(),
        (_, code) => vec![code.to_owned()],
    };
    let known = |code: &String| right.contains(&code.as_str());
    if said.is_empty() == right.is_empty() && said.iter().all(known) && right_status(reply, &said) {
        return Ok(());
    }
    Err(format!(
        "{name}: the model says {right:?}, the program {} {said:?}: {}",
        reply.status, reply.text
    ))
}

/// The kind of each code: its status by the conventions of the interface.
fn right_status(reply: &Reply, said: &[String]) -> bool {
    said.iter().all(|code| {
        let status = match code.as_str() {
            "unauthenticated" | "bad_token" => 401,
            "not_found" => 404,
            "replaced" => 410,
            "stale" => 412,
            "public_only"
            | "not_the_requester"
            | "role_too_low"
            | "other_office"
            | "service_provider"
            | "not_taking_part"
            | "not_yet_compiled"
            | "narrower_circle"
            | "first_coordinator_only" => 403,
            "bad_office"
            | "urgent_reason_missing"
            | "unknown_edition"
            | "unknown_question"
            | "missing_answer"
            | "not_asked" => 400,
            code if code.starts_with("deadline_") => 400,
            _ => 409,
        };
        reply.status == status
    })
}

/// The body of a draft query; a deadline is a day counted from the one it is saved on.
fn draft(title: &str, wish: &Wish) -> Value {
    draft_on(title, wish, day(begin()))
}

fn draft_on(title: &str, wish: &Wish, today: chrono::NaiveDate) -> Value {
    let deadline = wish
        .deadline
        .map(|days| (today + chrono::Duration::days(days)).to_string());
    json!({
        "title": title,
        "neverPublic": wish.never_public,
        "defaultCircle": wish.default_circle.word(),
        "deadline": deadline,
        "urgentReason": wish.urgent_reason.then_some("A court asks."),
        "questions": [
            {"id": "q1", "kind": "yes_no", "text": "Is it so?"},
            {"id": "q2", "kind": "text", "text": "How?", "askIf": {"question": "q1", "oneOf": ["yes", "partly"]}},
            {"id": "q3", "kind": "text", "text": "What else?", "required": false}
        ]
    })
}

fn answer(sent: Sent) -> Value {
    let mut body = match sent.says {
        Says::Yes => json!({"yesNo": "yes"}),
        Says::No => json!({"yesNo": "no"}),
        Says::Text(number) => json!({"text": format!("Text {number}.")}),
        Says::ToFollow => json!({"instead": "to_follow"}),
    };
    if let Some(circle) = sent.circle {
        body["circle"] = json!(circle.word());
    }
    body
}

/// A request of a step: method, path below the query, the version it is meant for, body.
type Request = (Method, String, Option<i64>, Value);

impl Drive<'_, '_> {
    async fn step(&mut self, step: &Step) -> Result<bool, String> {
        let refusals = self.model.refuses(step.by, &step.what);
        if let What::Pass(_) = step.what {
            if refusals.is_empty() {
                self.model.take(step.by, &step.what, String::new());
                self.world.set_clock(self.model.now);
            }
            return Ok(refusals.is_empty());
        }
        let (method, path, version, body) = self.request(step).await;
        let client = self.world.client(step.by).await;
        let mut request = client.request(method, &path);
        if let Some(version) = if step.stale { Some(OLD) } else { version } {
            request = request.header("If-Match", tag(version));
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        if let (What::SetRole(role), true, false) = (&step.what, refusals.is_empty(), step.stale) {
            self.world.role_changes(*role).await;
        }
        let reply = client.send(request).await;
        same_outcome(step.what.kind(), &refusals, step.stale, &reply)?;
        let taken = refusals.is_empty() && !step.stale;
        if taken {
            let number = self.world.next_number();
            self.model.take(step.by, &step.what, number);
            if let What::Launch { .. } = step.what {
                self.world.count_launch();
            }
        }
        Ok(taken)
    }

    async fn version(&mut self, by: Caller, path: &str) -> i64 {
        let client = self.world.client(by).await;
        version_at(&client, path).await
    }

    async fn request(&mut self, step: &Step) -> Request {
        let path = self.path.clone();
        let lead = Caller::User(self.model.lead, Role::Coordinator);
        let office = match &step.what {
            What::SaveDraft(office, _)
            | What::SaveAnswer(office, ..)
            | What::RemoveAnswer(office, _)
            | What::Submit(office)
            | What::Retract(office)
            | What::Decline(office)
            | What::Resume(office)
            | What::ChangeCircles(office, ..) => Some(*office),
            _ => None,
        };
        if let Some(office) = office {
            return self.response_request(office, &step.what).await;
        }
        let below = |name: &str| format!("{path}/{name}");
        let reason = json!({"reason": "It has to be."});
        let (method, at, body) = match &step.what {
            What::SetRole(role) => {
                let path = self.world.user_path();
                let version = self.version(Caller::User(Office::Lu, Role::Coordinator), &path).await;
                return (Method::PUT, path, Some(version), World::user_change(*role));
            }
            What::Sign => {
                // There is a summary once there is an edition.
                let version = match self.model.editions.last() {
                    Some(_) => self.version(lead, &below("summary")).await,
                    None => 0,
                };
                return (Method::POST, below("summary/signature"), Some(version), json!({}));
            }
            What::Change(wish) => (
                Method::PUT,
                path.clone(),
                draft_on(&self.title, wish, day(self.model.now)),
            ),
            What::Delete => (Method::DELETE, path.clone(), Value::Null),
            What::Invite(office) => (Method::POST, below("joint-offices"), json!({"office": office.code()})),
            What::AcceptInvitation => (Method::POST, below("joint-acceptance"), json!({})),
            What::Launch {
                asked,
                commission,
                audience,
            } => {
                let mut body = json!({"commission": commission, "audience": audience.map(|audience| audience.word())});
                let word = match asked {
                    Asked::Members => "members",
                    Asked::MembersAndObservers => "members_and_observers",
                    Asked::List(offices) => {
                        body["offices"] = offices.iter().map(|office| office.code()).collect();
                        "list"
                    }
                };
                body["addressed"] = json!(word);
                (Method::POST, below("launch"), body)
            }
            What::Close => (Method::POST, below("closure"), reason),
            What::Extend(days) => {
                let body = json!({"deadline": self.model.extended(*days), "reason": "Two offices asked."});
                (Method::POST, below("extensions"), body)
            }
            What::Withdraw => (Method::POST, below("withdrawal"), reason),
            What::Compile => (Method::POST, below("editions"), json!({})),
            What::Publish(back) => {
                let body = json!({"edition": self.model.edition_back(*back)});
                (Method::POST, below("publication"), body)
            }
            What::Unpublish => (Method::DELETE, below("publication"), Value::Null),
            _ => (Method::POST, below("dispatch"), json!({})),
        };
        let version = self.version(lead, &path).await;
        (method, at, Some(version), body)
    }

    async fn response_request(&mut self, office: Office, what: &What) -> Request {
        let path = format!("{}/responses/{}", self.path, office.code());
        let own = Caller::User(office, Role::Coordinator);
        let there = self.model.responses.get(&office).cloned();
        let below = |name: &str| format!("{path}/{name}");
        if let What::SaveAnswer(_, question, _) | What::RemoveAnswer(_, question) = what {
            let at = below(&format!("answers/{}", QUESTIONS[*question]));
            let known = there.is_some_and(|response| response.draft[*question].is_some());
            let version = if known {
                Some(self.version(own, &at).await)
            } else {
                None
            };
            return match what {
                What::SaveAnswer(_, _, sent) => (Method::PUT, at, version, answer(*sent)),
                _ => (Method::DELETE, at, version.or(Some(0)), Value::Null),
            };
        }
        let version = match there {
            Some(_) => Some(self.version(own, &path).await),
            None => None,
        };
        let reason = json!({"reason": "No staff."});
        match what {
            What::SaveDraft(_, sent) => {
                let answers: Map<String, Value> = QUESTIONS
                    .iter()
                    .zip(sent)
                    .filter_map(|(question, sent)| Some(((*question).to_owned(), answer((*sent)?))))
                    .collect();
                (Method::PUT, path, version, json!({"answers": answers}))
            }
            What::Decline(_) => (Method::POST, below("declination"), version, reason),
            What::Submit(_) => (Method::POST, below("submission"), version.or(Some(0)), json!({})),
            What::Retract(_) => (Method::POST, below("retraction"), version.or(Some(0)), reason),
            What::ChangeCircles(_, circle, question) => {
                let mut body = json!({"circle": circle.word()});
                if let Some(question) = question {
                    body["questions"] = json!([QUESTIONS[*question]]);
                }
                (Method::PUT, below("circles"), version.or(Some(0)), body)
            }
            _ => (Method::DELETE, below("declination"), version.or(Some(0)), Value::Null),
        }
    }

    async fn look(&mut self, reader: Caller, whole: bool) -> Result<(), String> {
        let client = self.world.client(reader).await;
        let look = Look {
            model: &self.model,
            client,
            path: &self.path,
            title: &self.title,
            reader,
        };
        let seen = if whole {
            look.at_everything().await
        } else {
            look.at_the_query().await
        };
        seen.map_err(|said| format!("{reader} reads {said}"))
    }
}
