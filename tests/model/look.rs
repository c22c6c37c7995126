//! What a caller sees of a query, held against the model.

use ahq_harness::{Client, Reply};
use serde_json::{Value, json};

use crate::calendar::{Instant, end};
use crate::edition::name;
use crate::query::Model;
use crate::response::{Answers, Position, Response, rows};
use crate::step::{Caller, Circle, Office};

/// A caller looking at a query.
pub(crate) struct Look<'a, 'b> {
    pub(crate) model: &'a Model<'b>,
    pub(crate) client: Client,
    pub(crate) path: &'a str,
    pub(crate) title: &'a str,
    pub(crate) reader: Caller,
}

/// A difference in words, unless both are the same.
fn same(what: &str, model: &Value, program: &Value) -> Result<(), String> {
    if model == program {
        return Ok(());
    }
    Err(format!("{what}\n  the model:   {model}\n  the program: {program}"))
}

/// Whether a reading was refused as the model says.
fn refused(what: &str, code: &str, reply: &Reply) -> Result<(), String> {
    let status = match code {
        "unauthenticated" | "bad_token" => 401,
        "not_found" => 404,
        "replaced" => 410,
        _ => 403,
    };
    same(what, &json!([status, code]), &json!([reply.status, reply.code()]))
}

fn rounded(at: &Value) -> Value {
    let instant = at.as_str().and_then(|text| text.parse::<Instant>().ok());
    json!(instant.map(|instant| instant.to_rfc3339()))
}

fn items(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The rows of a response as the interface gives them, in the model's words.
fn live_rows(value: &Value) -> Value {
    let Some(rows) = value.as_array() else {
        return Value::Null;
    };
    let row = |row: &Value| {
        let (question, shown) = (word(&row["question"]), word(&row["shown"]));
        let wider = word(&row["widerDissemination"]);
        let answer = &row["answer"];
        if answer.is_null() {
            return format!("{question} {shown} {wider}");
        }
        let says = ["yesNo", "text", "instead"].map(|name| word(&answer[name])).concat();
        format!("{question} {shown} {says} {} {wider}", word(&answer["circle"]))
    };
    rows.iter().map(row).collect()
}

/// The rows of a response in an edition, in the model's words.
fn frozen_rows(value: &Value) -> Value {
    let row = |row: &Value| {
        let (question, shown) = (word(&row["question"]), word(&row["shown"]));
        let wider = word(&row["widerDissemination"]);
        let content = &row["content"];
        if content.is_null() {
            return format!("{question} {shown} {wider}");
        }
        let says = [
            &content["yesNo"]["value"],
            &content["text"]["text"],
            &content["instead"]["word"],
        ];
        format!(
            "{question} {shown} {} {} {wider}",
            says.map(word).concat(),
            word(&row["circle"])
        )
    };
    items(value).iter().map(row).collect()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Look<'_, '_> {
    async fn get(&self, below: &str) -> Reply {
        self.client.get(&format!("{}{below}", self.path)).await
    }

    /// The query itself: its standing, who answered, what the caller may do with it.
    pub(crate) async fn at_the_query(&self) -> Result<(), String> {
        let reply = self.get("").await;
        if let Err(code) = self.model.reads(self.reader) {
            return refused("the query", code, &reply);
        }
        let seen = &reply.json;
        let addressees = items(&seen["addressees"]);
        let answered: Vec<Value> = addressees
            .iter()
            .filter(|addressee| addressee["response"].is_object())
            .map(|addressee| {
                let response = &addressee["response"];
                json!([addressee["office"], response["status"], response["late"]])
            })
            .collect();
        let joint: Vec<Value> = items(&seen["joint"])
            .iter()
            .map(|joint| json!([joint["office"], joint["acceptedAt"].is_string()]))
            .collect();
        let program = json!({
            "reply": reply.status,
            "status": seen["status"],
            "number": seen["number"],
            "lead": seen["lead"],
            "joint": joint,
            "deadline": seen["deadline"],
            "deadlineEnds": if self.model.launched.is_some() { rounded(&seen["deadlineEnds"]) } else { Value::Null },
            "extensions": items(&seen["extensions"]).len(),
            "audience": seen["audience"],
            "asked": addressees.len(),
            "answered": answered,
            "closedEarly": seen["closedEarly"].is_object(),
            "withdrawn": seen["withdrawn"].is_object(),
            "lastEdition": seen["lastEdition"]["number"],
            "publication": [seen["publication"]["edition"], rounded(&seen["publication"]["publicFrom"])],
            "actions": seen["actions"],
        });
        same("the query", &self.query(), &program)
    }

    fn query(&self) -> Value {
        let model = self.model;
        let launched = model.launched.as_ref();
        let publication = launched.and_then(|launched| launched.publications.last());
        let answered: Vec<Value> = model
            .responses
            .iter()
            .filter(|(office, response)| {
                response.position.is_released() && launched.is_some_and(|launched| launched.addressees.contains(office))
            })
            .map(|(office, response)| {
                (
                    office.code(),
                    json!([office.code(), response.position.word(), response.late]),
                )
            })
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_values()
            .collect();
        let joint: Vec<Value> = model
            .joint
            .iter()
            .map(|(office, accepted)| json!([office.code(), accepted]))
            .collect();
        json!({
            "reply": 200,
            "status": model.status(),
            "number": launched.map(|launched| &launched.number),
            "lead": model.lead.code(),
            "joint": joint,
            "deadline": launched.map(|launched| launched.deadline).or(model.wished),
            "deadlineEnds": launched.map(|launched| end(launched.deadline).to_rfc3339()),
            "extensions": launched.map_or(0, |launched| launched.extensions),
            "audience": launched.map(|launched| launched.audience.word()),
            "asked": launched.map_or(0, |launched| launched.addressees.len() + launched.silent),
            "answered": answered,
            "closedEarly": launched.is_some_and(|launched| launched.closed_early),
            "withdrawn": launched.is_some_and(|launched| launched.withdrawn),
            "lastEdition": model.editions.last().map(|edition| edition.number),
            "publication": [publication.map(|known| known.0), publication.map(|known| known.1.to_rfc3339())],
            "actions": model.actions(self.reader),
        })
    }

    /// The query, its responses, their versions, the editions in every view, and what is public.
    pub(crate) async fn at_everything(&self) -> Result<(), String> {
        self.at_the_query().await?;
        self.at_lists().await?;
        self.at_responses().await?;
        self.at_editions().await?;
        self.at_what_is_public().await
    }

    async fn at_lists(&self) -> Result<(), String> {
        let asked = self.title.replace(' ', "%20");
        let listed = |reply: &Reply| -> Value {
            let items = items(&reply.json["items"]);
            items.iter().filter(|item| item["title"] == self.title).count().into()
        };
        let reply = self.client.get(&format!("/queries?limit=100&title={asked}")).await;
        let there = usize::from(self.model.reads(self.reader).is_ok());
        if reply.status == 200 {
            same("the list of queries", &json!(there), &listed(&reply))?;
        } else {
            same("the list of queries", &json!(0), &json!(there))?;
        }
        let reply = self
            .client
            .get(&format!("/public/queries?limit=100&title={asked}"))
            .await;
        let public = usize::from(self.model.status() == "published" && !self.model.deleted);
        same(
            "the list of public queries",
            &json!([200, public]),
            &json!([reply.status, listed(&reply)]),
        )
    }

    /// A response as this caller reads it, in the circle it reads in.
    fn response(response: &Response, own: bool, circle: Option<Circle>) -> Value {
        let shown = circle.and_then(|circle| Some(rows(&response.submitted()?, circle)));
        let draft = |answers: &Answers| answers.iter().flatten().count();
        let version = (response.position == Position::Submitted).then_some(response.versions.len());
        json!([
            response.position.word(),
            version,
            response.late,
            shown,
            own.then(|| draft(&response.draft))
        ])
    }

    fn seen_response(value: &Value) -> Value {
        let draft = value["draft"].as_array().map(Vec::len);
        json!([
            value["status"],
            value["submittedVersion"],
            value["late"],
            live_rows(&value["rows"]),
            draft
        ])
    }

    async fn at_responses(&self) -> Result<(), String> {
        let list = self.get("/responses").await;
        if let Err(code) = self.model.reads(self.reader) {
            return refused("the responses", code, &list);
        }
        let mut expected = serde_json::Map::new();
        for (office, response) in &self.model.responses {
            let own = self.reader.office() == Some(*office);
            if own || response.position.is_released() {
                let circle = self.model.reads_answers(self.reader, *office);
                expected.insert(office.code().to_owned(), Self::response(response, false, circle));
            }
        }
        let seen: serde_json::Map<String, Value> = items(&list.json["items"])
            .iter()
            .map(|item| (word(&item["office"]), Self::seen_response(item)))
            .collect();
        same("the responses", &Value::Object(expected), &Value::Object(seen))?;
        for office in self.model.responses.keys().copied().chain([Office::Uk]) {
            self.at_response(office).await?;
        }
        Ok(())
    }

    async fn at_response(&self, office: Office) -> Result<(), String> {
        let what = format!("the response of {}", office.code());
        let below = format!("/responses/{}", office.code());
        let reply = self.get(&below).await;
        let own = self.reader.office() == Some(office);
        let found = self.model.responses.get(&office);
        let Some(response) = found.filter(|response| own || response.position.is_released()) else {
            return refused(&what, "not_found", &reply);
        };
        let Some(circle) = self.model.reads_answers(self.reader, office) else {
            return refused(&what, "not_yet_compiled", &reply);
        };
        let expected = Self::response(response, own, Some(circle));
        same(
            &what,
            &json!([200, expected]),
            &json!([reply.status, Self::seen_response(&reply.json)]),
        )?;
        let versions = self.get(&format!("{below}/versions")).await;
        let numbers: Vec<_> = items(&versions.json["items"])
            .iter()
            .map(|item| item["number"].clone())
            .collect();
        let known: Vec<_> = (1..=response.versions.len()).collect();
        let mut numbers_sorted = numbers;
        numbers_sorted.sort_by_key(Value::as_i64);
        same(
            &format!("the versions of {}", office.code()),
            &json!(known),
            &json!(numbers_sorted),
        )?;
        for index in 0..response.versions.len() {
            let version = self.get(&format!("{below}/versions/{}", index + 1)).await;
            let expected = rows(&response.version(index), circle);
            let what = format!("version {} of {}", index + 1, office.code());
            same(&what, &json!(expected), &live_rows(&version.json["rows"]))?;
        }
        Ok(())
    }

    async fn at_editions(&self) -> Result<(), String> {
        let list = self.get("/editions").await;
        let circle = match self.model.reads(self.reader) {
            Ok(circle) => circle,
            Err(code) => return refused("the editions", code, &list),
        };
        let seen = items(&list.json["items"]);
        let program: Vec<Value> = seen
            .iter()
            .map(|item| {
                let views: Vec<_> = items(&item["views"])
                    .iter()
                    .map(|view| json!([view["circle"], view["replacedBy"].is_i64()]))
                    .collect();
                json!([item["number"], item["stale"], item["responses"], views])
            })
            .collect();
        let model: Vec<Value> = self
            .model
            .editions
            .iter()
            .rev()
            .map(|edition| {
                let views: Vec<_> = Circle::ALL
                    .into_iter()
                    .filter(|view| *view >= circle)
                    .map(|view| json!([view.word(), edition.is_replaced(view)]))
                    .collect();
                json!([edition.number, self.model.is_stale(edition), edition.parts.len(), views])
            })
            .collect();
        same("the editions", &json!(model), &json!(program))?;
        for edition in self.model.editions.iter().map(|edition| edition.number).chain([999]) {
            for view in Circle::ALL {
                self.at_view(edition, view, circle, &seen).await?;
            }
        }
        Ok(())
    }

    async fn at_view(&self, number: u32, view: Circle, circle: Circle, list: &[Value]) -> Result<(), String> {
        let what = format!("the {} view of edition {number}", view.word());
        let reply = self
            .get(&format!("/editions/{number}?format=json&circle={}", view.word()))
            .await;
        if view < circle {
            return refused(&what, "narrower_circle", &reply);
        }
        match self.model.edition(number) {
            None => return refused(&what, "not_found", &reply),
            Some(edition) if edition.is_replaced(view) => {
                refused(&what, "replaced", &reply)?;
                return Self::leads_on(&what, number, view, list);
            }
            Some(_) => {}
        }
        same(&what, &self.frozen(number, view), &Self::seen_view(&reply))
    }

    /// Whether the pointer of a replaced view leads, over others perhaps, to one that is in force.
    fn leads_on(what: &str, number: u32, view: Circle, list: &[Value]) -> Result<(), String> {
        let next = |number: u64| -> Option<u64> {
            let edition = list.iter().find(|item| item["number"] == number)?;
            let views = items(&edition["views"]);
            views.iter().find(|known| known["circle"] == view.word())?["replacedBy"].as_u64()
        };
        let mut at = u64::from(number);
        while let Some(by) = next(at) {
            if by <= at {
                return Err(format!(
                    "{what}: it is replaced by edition {by}, which is not newer than {at}"
                ));
            }
            at = by;
        }
        same(what, &json!(true), &json!(list.iter().any(|item| item["number"] == at)))
    }

    fn frozen(&self, number: u32, view: Circle) -> Value {
        let Some(edition) = self.model.edition(number) else {
            return Value::Null;
        };
        let responses: serde_json::Map<String, Value> = edition
            .parts
            .iter()
            .map(|(office, part)| {
                let seen = json!([part.version, part.late, rows(&part.answers, view)]);
                (office.code().to_owned(), seen)
            })
            .collect();
        let mut declined: Vec<_> = edition.declined.iter().map(|office| office.code()).collect();
        declined.sort_unstable();
        let changes = edition
            .changes
            .iter()
            .find(|(circle, _)| *circle == view)
            .map(|(_, changes)| changes);
        json!({
            "reply": 200,
            "edition": number,
            "circle": view.word(),
            "total": edition.parts.len(),
            "named": edition.parts.keys().all(|office| !name(*office).is_empty()),
            "declined": (view != Circle::Public).then_some(declined),
            "responses": responses,
            "changes": changes,
            "summary": edition.signed && view == Circle::Network,
        })
    }

    fn seen_view(reply: &Reply) -> Value {
        let view = &reply.json["view"];
        let responses: serde_json::Map<String, Value> = items(&view["responses"])
            .iter()
            .map(|response| {
                let seen = json!([response["version"], response["late"], frozen_rows(&response["rows"])]);
                (word(&response["office"]), seen)
            })
            .collect();
        let declined = view["head"]["declined"].as_array().map(|named| {
            let mut codes: Vec<_> = named.iter().map(|named| word(&named["office"])).collect();
            codes.sort();
            codes
        });
        let mut changes: Vec<_> = items(&view["changes"]).iter().map(word).collect();
        changes.sort();
        json!({
            "reply": reply.status,
            "edition": view["edition"],
            "circle": view["circle"],
            "total": view["head"]["total"],
            "named": true,
            "declined": declined,
            "responses": responses,
            "changes": changes,
            "summary": reply.json["summary"].is_object(),
        })
    }

    async fn at_what_is_public(&self) -> Result<(), String> {
        let Some(launched) = &self.model.launched else {
            return Ok(());
        };
        let reply = self
            .client
            .get(&format!("/public/queries/{}/edition?format=json", launched.number))
            .await;
        match self.model.published().filter(|_| self.model.status() == "published") {
            None => refused("the public edition", "not_found", &reply),
            Some(number) => same(
                "the public edition",
                &self.frozen(number, Circle::Public),
                &Self::seen_view(&reply),
            ),
        }
    }
}
