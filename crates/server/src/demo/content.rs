//! What the demonstration says: a past query asked again, and answers written for it. None is any country's position.

use ahq_domain::office::OfficeCode;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// The title of the past query that is asked again.
pub(super) const TITLE: &str = "Missing unaccompanied minors - Part II";

/// Who answered the past query and takes part today; the United Kingdom does no longer.
pub(super) const RESPONDENTS: [&str; 26] = [
    "LU", "AT", "BE", "BG", "HR", "CY", "CZ", "EE", "FI", "FR", "DE", "EL", "HU", "IE", "IT", "LV", "LT", "MT", "NL",
    "PL", "PT", "SK", "SI", "ES", "SE", "NO",
];

/// Who answers after the deadline.
pub(super) const LATE: &str = "MT";

/// The requesting office.
pub(super) fn lead() -> OfficeCode {
    match "LU".parse() {
        Ok(code) => code,
        Err(_) => OfficeCode::commission(),
    }
}

/// The draft.
pub(super) fn query(deadline: NaiveDate) -> Value {
    json!({
        "title": format!("EMN Ad-Hoc Query on {TITLE}"),
        "background": BACKGROUND,
        "publicBackground": PUBLIC_BACKGROUND,
        "topics": ["unaccompanied_minors", "protection"],
        "keywords": ["missing children", "reception"],
        "deadline": deadline,
        "questions": [
            {"id": "q1", "kind": "yes_no",
             "text": "Does your country register unaccompanied minors who go missing from reception?"},
            {"id": "q2", "kind": "text", "askIf": {"question": "q1", "oneOf": ["yes", "partly"]},
             "text": "How are they registered, and who is told within the first day?"},
            {"id": "q3", "kind": "single_choice", "text": "Which authority leads the search?",
             "options": [{"id": "police", "text": "The police"},
                         {"id": "migration", "text": "The migration authority"},
                         {"id": "child", "text": "The child protection service"},
                         {"id": "shared", "text": "Several together"}]},
            {"id": "q4", "kind": "multiple_choice", "required": false,
             "text": "Which measures are taken so that minors do not go missing?",
             "options": [{"id": "guardian", "text": "A guardian in the first days"},
                         {"id": "information", "text": "Information in the minor's language"},
                         {"id": "small", "text": "Small reception facilities"},
                         {"id": "exchange", "text": "Exchange of data between authorities"}]},
            {"id": "q5", "kind": "number", "text": "How many unaccompanied minors were registered as missing?",
             "unit": "persons", "period": "2025"},
            {"id": "q6", "kind": "date", "required": false,
             "text": "Since when are the present rules in force?"},
            {"id": "q7", "kind": "table", "required": false,
             "text": "How many of them were found again, by age and sex?",
             "columns": [{"id": "girls", "title": "Girls", "type": "number"},
                         {"id": "boys", "title": "Boys", "type": "number"}],
             "rows": ["Under 14", "14 to 17"]}
        ]
    })
}

/// What an office asks about a question.
pub(super) fn unclear() -> Value {
    json!({"question": "q5", "text": "Are minors who went missing **more than once** counted once or each time?"})
}

/// What the requesting office replies to that.
pub(super) fn clear() -> Value {
    json!({"text": "Once: persons are meant, not cases. We correct the question."})
}

/// What it corrects.
pub(super) fn correction() -> Value {
    json!({
        "reason": "Persons are meant, not cases.",
        "questions": [{"id": "q5", "text": "How many unaccompanied minors were registered as missing, each of them counted once?"}]
    })
}

const BACKGROUND: &str = "**This is a demonstration.** The query is a real one of 2020, asked again; every answer below \
     is an example written for the demonstration and no country's position.\n\n\
     Unaccompanied minors who leave reception without notice may be at risk of exploitation. Since the first part of \
     this query, several countries have changed how they register and search for them.\n\n\
     The requesters wish to know:\n\n\
     1. how disappearances are **registered**,\n\
     2. who **leads** the search, and\n\
     3. which measures *prevent* them.\n\n\
     The answers feed a national review that is not public yet.";

const PUBLIC_BACKGROUND: &str = "**This is a demonstration.** The query is a real one of 2020, asked again; every answer \
     below is an example written for the demonstration and no country's position.\n\n\
     Unaccompanied minors who leave reception without notice may be at risk of exploitation. The requesters wish to \
     know how disappearances are registered, who leads the search, and which measures prevent them.";

const TEXTS: [&str; 8] = [
    "Example: the reception facility fills in one form, which the police and the guardian receive at once.",
    "Example: a report is made within two hours. It goes to\n\n- the police,\n- the guardian, and\n- the national contact \
     centre for missing children.",
    "Example: registration is in the *national register of missing persons*; the alert is entered into the Schengen \
     Information System on the same day.",
    "Example: staff wait until the evening roll-call, then call the police, who decide on the urgency of the search.",
    "Example: the steps are as follows.\n\n| Step | Who | Within |\n|---|---|---:|\n| Report | Facility | 1 hour |\n| \
     Alert | Police | 6 hours |\n| Review | Guardian | 24 hours |",
    "Example: the guardian is told first and makes the report, with a photograph where there is one.",
    "Example: since the reform there is one telephone number for all facilities, and one register behind it.",
    "Example: each region has its own form; a common one is being prepared and will be used from next year on.",
];

const COMMENTS: [&str; 5] = [
    "Example: this holds for all facilities.",
    "Example: in practice, the regions differ.",
    "Example: the rules are under review.",
    "Example: small facilities do so by telephone.",
    "Example: since the last reform.",
];

/// The answers of an office; `index` is its place among the respondents and gives the answers their variety.
pub(super) fn answers(office: &str, index: usize) -> Value {
    let word = ["yes", "yes", "partly", "yes", "no", "yes", "unknown"][index % 7];
    let lead = ["police", "police", "child", "shared", "migration"][index % 5];
    let measures: Vec<&str> = ["guardian", "information", "small", "exchange"]
        .into_iter()
        .enumerate()
        .filter(|(place, _)| !(index + place).is_multiple_of(3))
        .map(|(_, id)| id)
        .collect();
    let count = 12 + (index * 37) % 190;
    let cell = |part: usize| (count / part).to_string();
    let mut answers = json!({
        "q1": {"yesNo": word, "comment": COMMENTS[index % 5]},
        "q2": {"text": TEXTS[index % 8]},
        "q3": {"choices": [lead]},
        "q4": {"choices": measures},
        "q5": {"number": {"value": count.to_string()}, "asOf": "2025-12-31"},
        "q6": {"date": format!("{}-0{}-01", 2012 + index % 12, 1 + index % 9)},
        "q7": {"rows": [{"title": "Under 14", "cells": [cell(12), cell(9)]},
                        {"title": "14 to 17", "cells": [cell(5), cell(3)]}]}
    });
    if !["yes", "partly"].contains(&word) {
        remove(&mut answers, "q2");
    }
    particular(office, &mut answers);
    sign(&mut answers, office);
    json!({"answers": answers})
}

/// Says in each text whose example it is, so that a text found in a document can be told apart.
fn sign(value: &mut Value, office: &str) {
    match value {
        Value::String(text) => *text = text.replace("Example:", &format!("Example of {office}:")),
        Value::Array(items) => items.iter_mut().for_each(|item| sign(item, office)),
        Value::Object(fields) => fields.values_mut().for_each(|field| sign(field, office)),
        _ => {}
    }
}

fn remove(answers: &mut Value, question: &str) {
    if let Some(answers) = answers.as_object_mut() {
        answers.remove(question);
    }
}

/// What is special about an office, so that every kind of answer and every circle occurs.
fn particular(office: &str, answers: &mut Value) {
    match office {
        "AT" => {
            answers["q5"]["number"]["flag"] = json!("provisional");
            answers["q5"]["sources"] = json!([{"title": "Beispiel: Bericht über vermisste Minderjährige",
                "address": "https://example.org/at/bericht"}]);
        }
        "BE" => {
            answers["q1"] = json!({"yesNo": "partly", "circle": "network", "ground":
                "Article 4(1)(a) of Regulation (EC) No 1049/2001, public security",
                "comment": "Example: the register is not complete."});
            answers["q2"] = json!({"text": TEXTS[3], "circle": "network"});
        }
        "BG" => {
            answers["q5"] = json!({"number": {"fewerThan": "5"}, "sources": [{"title": "Пример: годишен доклад",
                "address": "https://example.org/bg"}]});
            remove(answers, "q7");
        }
        "CY" => answers["q5"] = json!({"number": {"confidential": true}, "circle": "network"}),
        "DE" => {
            for question in ["q1", "q2", "q3", "q4", "q5", "q6", "q7"] {
                if let Some(answer) = answers.get_mut(question) {
                    answer["circle"] = json!("requester");
                }
            }
        }
        "EE" => answers["q3"] = json!({"instead": "no_information", "comment": "Example: this is being clarified."}),
        "EL" => {
            answers["q1"]["comment"] = json!("Παράδειγμα: ισχύει για όλες τις δομές. (Example: for all facilities.)");
            answers["q5"]["sources"] =
                json!([{"title": "Παράδειγμα: ετήσια έκθεση", "address": "https://example.org/el"}]);
        }
        "FR" => {
            answers["q5"]["number"]["flag"] = json!("estimate");
            answers["q5"]["circle"] = json!("requester");
        }
        "IE" => {
            answers["q1"] = json!({"yesNo": "no", "circle": "requester", "comment": "Example: not yet."});
            remove(answers, "q2");
        }
        "LV" => {
            answers["q6"] = json!({"instead": "not_applicable", "comment": "Example: there are no particular rules."})
        }
        "NO" => answers["q4"]["comment"] = json!("Example: the municipalities decide."),
        "SE" => answers["q5"] = json!({"instead": "to_follow", "comment": "Example: the figures come next week."}),
        "SI" => {
            remove(answers, "q4");
            remove(answers, "q7");
        }
        _ => {}
    }
}

/// The summary of a circle, from what the program began.
pub(super) fn summary(circle: &str, begun: &Value) -> Value {
    let part = |name: &str| begun[name].as_str().unwrap_or_default().to_owned();
    match circle {
        "network" => json!({
            "background": "Luxembourg, the Netherlands and the Commission asked how missing unaccompanied minors are \
                 registered and searched for. *This is a demonstration; all answers are examples.*",
            "respondents": part("respondents"),
            "findings": part("findings"),
        }),
        _ => json!({
            "background": "The requesters asked how missing unaccompanied minors are registered and searched for. *This \
                 is a demonstration; all answers are examples.*",
            "respondents": "Most of the countries that were asked have answered.",
            "findings": "- Most of the countries whose answers are public register minors who go missing.\n- The police \
                 lead the search most often.",
        }),
    }
}
