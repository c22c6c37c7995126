//! Header lines typed where people type names, titles and addresses.

use std::collections::BTreeSet;

use ahq_harness::{App, Client};
use ahq_mail::outgoing::Outgoing;
use serde_json::{Value, json};

use crate::scene::draft;

/// Where a mail that was led astray would go.
const ASTRAY: &str = "astray@elsewhere.example.org";
/// All headers a mail may have.
const HEADERS: [&str; 15] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "auto-submitted",
    "content-language",
    "reply-to",
    "in-reply-to",
    "references",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// What is put behind an honest name.
fn endings() -> Vec<String> {
    let mut endings: Vec<String> = [
        "\r\n", "\n", "\r", "\r\n ", "\n\n", "\u{85}", "\u{2028}", "\u{b}", "\0", "%0d%0a", "\\r\\n",
    ]
    .iter()
    .map(|end| format!("{end}Bcc: {ASTRAY}"))
    .collect();
    endings.push(format!(" =?utf-8?Q?=0D=0ABcc:_{}?=", ASTRAY.replace('@', "=40")));
    endings.push(" =?utf-8?B?DQpCY2M6IGFzdHJheUBlbHNld2hlcmUuZXhhbXBsZS5vcmc=?=".to_owned());
    endings.push(format!("\" <{ASTRAY}>, \"x"));
    endings.push(format!(", {ASTRAY}"));
    endings
}

/// Types them everywhere; gives what was taken that cannot be.
pub(super) async fn typed(app: &App, lead: &Client, at: &Client) -> Vec<String> {
    let mut faults = Vec::new();
    let query = crate::scene::launched(lead, "Header lines").await;
    for (number, ending) in endings().iter().enumerate() {
        let person =
            json!({"name": format!("Anna{ending}"), "email": format!("anna{number}@example.org"), "role": "reader"});
        lead.post("/offices/LU/users", &person).await;
        // An address with any of them is none, so nothing may be sent to it.
        let email = format!("eva{number}@example.org{ending}");
        let person = json!({"name": "Eva", "email": email, "role": "reader"});
        refused(&mut faults, lead, "/offices/LU/users", &person).await;
        let asked = |email: &str| {
            json!({"email": email, "name": format!("Eva{ending}"), "questions": ["q2"], "replyBy": "2026-11-13",
                   "note": format!("Dear Eva{ending}")})
        };
        let contributions = format!("{query}/responses/AT/contributions");
        refused(&mut faults, at, &contributions, &asked(&email)).await;
        at.post(&contributions, &asked(&format!("eva{number}@example.org")))
            .await;
        let made = lead.post("/queries", &draft(&format!("Missing minors{ending}"))).await;
        if let (201, Some(id)) = (made.status, made.json["id"].as_str()) {
            let launch = json!({"addressed": "list", "offices": ["AT"], "audience": "addressed"});
            let path = format!("/queries/{id}/launch");
            lead.post_if(&path, &made.etag(), &launch).await.expect(200);
        }
        let name = json!({"name": format!("Case{ending}"), "scopes": ["read"], "lastDay": "2027-01-01"});
        lead.post("/offices/LU/service-accounts", &name).await;
        app.public()
            .post(
                "/password-resets",
                &json!({"email": format!("lu.coordinator@example.org{ending}")}),
            )
            .await;
    }
    app.deliver().await;
    faults
}

async fn refused(faults: &mut Vec<String>, client: &Client, path: &str, body: &Value) {
    let reply = client.post(path, body).await;
    if reply.status != 400 {
        faults.push(format!("{path} takes {}: {}", body["email"], reply.status));
    }
}

/// What is wrong with the bytes of mails that left.
pub(super) fn faults(mails: &[Outgoing]) -> Vec<String> {
    let mut faults = Vec::new();
    for mail in mails {
        let subject = mail.content.subject();
        match mail.bytes() {
            Ok(bytes) => faults.extend(of_bytes(&bytes).into_iter().map(|fault| format!("{subject}: {fault}"))),
            Err(error) => faults.push(format!("{subject}: {error}")),
        }
        let calendar = mail
            .calendar
            .iter()
            .flat_map(|calendar| calendar.bytes.split(|byte| *byte == b'\n'));
        for line in calendar {
            let line = String::from_utf8_lossy(line);
            if ["BEGIN:VALARM", "ATTACH", "ATTENDEE", "X-ALT"]
                .iter()
                .any(|word| line.starts_with(word))
            {
                faults.push(format!("{subject}: its calendar has {line}"));
            }
        }
    }
    let subjects: BTreeSet<&str> = mails.iter().map(|mail| mail.content.subject()).collect();
    if !subjects.iter().any(|subject| subject.contains("=?utf-8?")) {
        faults.push("no mail has a title with an encoded word".to_owned());
    }
    faults
}

fn of_bytes(bytes: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut seen = BTreeSet::new();
    for line in head.split("\r\n") {
        if line.contains(['\r', '\n', '\0']) || !line.is_ascii() {
            faults.push(format!("a bare line end, or no ASCII, in {line:?}"));
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if !HEADERS.contains(&name.as_str()) {
            faults.push(format!("the header {line:?}"));
        }
        if !seen.insert(name.clone()) {
            faults.push(format!("a second {name}"));
        }
    }
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    for line in unfolded.split("\r\n") {
        if (line.starts_with("To:") || line.starts_with("From:")) && addresses(line) != 1 {
            faults.push(format!("not one address in {line:?}"));
        }
    }
    faults
}

/// How many addresses a header names outside of words in quotes.
fn addresses(line: &str) -> usize {
    let (mut count, mut quoted, mut escaped) = (0, false, false);
    for letter in line.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '@' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}
