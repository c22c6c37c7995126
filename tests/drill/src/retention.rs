//! S11: what is kept of persons, by a moved clock. Six months after a query ended nobody is shown any more who was asked and
//! told about it; three years after, no text column of any table holds a name or an address of those outside. A user who is
//! erased on an order is in no table either, and the audit, which knows ids only, verifies as before.
//!
//! Each planted word is first found where it has to be, or finding none would show nothing.

use ahq_domain::user::Role;
use ahq_harness::App;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{Client, Reply};
use ahq_store::StoreError;
use serde_json::{Value, json};

use crate::Order;
use crate::scene::{answers, etag, launched};

/// The experts outside, with what they and the office wrote to one another; each word is in every query's tables.
const DECLINES: [&str; 4] = ["eva.huber@police.example.org", "Eva Huber", "Dear Eva", "I am on leave"];
const RETURNS: [&str; 3] = ["jan.kral@ministry.example.org", "Jan Král", "Dear Jan"];
/// A user who drafted, and who is erased at the end.
const USER: [&str; 2] = ["at.expert@example.org", "Expert of AT"];
/// How a query ends, and when that was: the last instant of its deadline, or its withdrawal.
const ENDINGS: [&str; 3] = ["closed", "compiled", "withdrawn"];

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let outside = [&DECLINES[..], &RETURNS[..]].concat();
    let lead = app.coordinator("LU").await;
    let at = app.coordinator("AT").await;
    let expert = app.user("AT", Role::Expert).await;
    let wishes = json!({"mail": "at_once", "weekly": true, "quarterly": true});
    let tag = etag(&expert, "/me/notifications").await;
    expert.put_if("/me/notifications", &tag, &wishes).await.expect(200);
    let mut queries = Vec::new();
    for ending in ENDINGS {
        queries.push(worked(&app, &lead, &at, &expert, ending).await);
    }
    app.set_clock("2026-12-02T09:00:00Z");
    let lead = app.sign_in_coordinator("LU").await;
    let tag = etag(&lead, &queries[1]).await;
    lead.post_if(&format!("{}/editions", queries[1]), &tag, &json!({}))
        .await
        .expect(201);
    app.deliver().await;
    // The searched words are there.
    let mut faults = missing(&app, &[&outside[..], &USER[..]].concat()).await;

    // The last of them ended on 2 December 2026.
    for (now, shown) in [("2027-05-01T09:00:00Z", true), ("2027-06-03T09:00:00Z", false)] {
        app.set_clock(now);
        faults.extend(shown_faults(&app, &queries, &outside, shown).await);
        app.exchange().apply_retention().await.expect("a pass");
    }
    faults.extend(missing(&app, &outside).await);
    told(&faults);
    let mut goals = vec![Goal::new(order.goal("S11-blocked"), faults.len(), 0, faults.is_empty())];

    app.set_clock("2029-12-03T12:00:00Z");
    let erased = app.exchange().apply_retention().await.expect("a pass");
    let mut left = tables_with(&app, &outside).await;
    if erased != queries.len() {
        left.push(format!("{erased} of {} queries were looked at", queries.len()));
    }
    told(&left);
    goals.push(Goal::new(order.goal("S11-erased"), left.len(), 0, left.is_empty()));

    let mut left = Vec::new();
    let sound = verified(&app).await;
    let erased = app.exchange().erase_person(USER[0].to_owned(), "DPO-2029-1".to_owned());
    erased.await.expect("an erasure");
    left.extend(tables_with(&app, &USER).await);
    // What the office said is the office's.
    let at = app.sign_in_coordinator("AT").await;
    for path in &queries[..2] {
        let response = at.get(&format!("{path}/responses/AT")).await;
        if !response.text.contains("By a register.") {
            left.push(format!("what was answered to {path} is gone: {}", response.status));
        }
    }
    if !sound || !verified(&app).await {
        left.push("the audit does not verify".to_owned());
    }
    told(&left);
    goals.push(Goal::new(order.goal("S11-person"), left.len(), 0, left.is_empty()));
    goals
}

fn told(faults: &[String]) {
    for fault in faults.iter().take(10) {
        say(format!("    {fault}"));
    }
}

/// Where one of these words stands: in any table, in any of its columns.
async fn tables_with(app: &App, words: &[&str]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let found = app.exchange().store().read(move |conn| {
        let mut found = Vec::new();
        for table in conn.tables()? {
            for word in &words {
                if conn.count_rows_with(&table, word)? > 0 {
                    found.push(format!("{table}: {word}"));
                }
            }
        }
        Ok::<_, StoreError>(found)
    });
    found.await.expect("the tables are read")
}

/// The words that stand nowhere.
async fn missing(app: &App, words: &[&str]) -> Vec<String> {
    let mut missing = Vec::new();
    for word in words {
        if tables_with(app, &[word]).await.is_empty() {
            missing.push(format!("{word} is in no table while it has to be"));
        }
    }
    missing
}

async fn verified(app: &App) -> bool {
    let exchange = app.exchange();
    exchange.seal_audit(None).await.expect("the events are sealed");
    let found = exchange.verify_audit(Vec::new(), |_| ()).await.expect("a verification");
    found.fault.is_none() && found.events > 0
}

/// Asks, lets an expert outside decline and another reply, drafts, answers and, where it ends so, withdraws; gives the query.
async fn worked(app: &App, lead: &Client, at: &Client, expert: &Client, ending: &str) -> String {
    let path = launched(lead, &format!("Missing minors, {ending}")).await;
    let response = format!("{path}/responses/AT");
    expert
        .put(&response, &json!({"answers": {"q1": {"yesNo": "no"}}}))
        .await
        .expect(201);
    let contributions = format!("{response}/contributions");
    let asked = |[email, name, note]: [&str; 3]| json!({"email": email, "name": name, "questions": ["q2"], "replyBy": "2026-11-13", "note": note});
    let declines = asked([DECLINES[0], DECLINES[1], DECLINES[2]]);
    at.post(&contributions, &declines).await.expect(201);
    let (public, link) = (app.public(), link(app, DECLINES[0]).await);
    let tag = etag(&public, &link).await;
    let reason = json!({"reason": format!("{}.", DECLINES[3])});
    public
        .post_if(&format!("{link}/declination"), &tag, &reason)
        .await
        .expect(200);

    at.post(&contributions, &asked(RETURNS)).await.expect(201);
    let link = self::link(app, RETURNS[0]).await;
    let tag = etag(&public, &link).await;
    let proposals = json!({"answers": {"q2": {"text": "By the police."}}});
    let saved = public.put_if(&link, &tag, &proposals).await.expect(200);
    public
        .post_if(&format!("{link}/return"), &saved.etag(), &json!({}))
        .await
        .expect(200);

    let tag = etag(at, &response).await;
    let saved = at.put_if(&response, &tag, &answers()).await.expect(200);
    at.post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
        .await
        .expect(200);
    if ending == "withdrawn" {
        let tag = etag(lead, &path).await;
        let reason = json!({"reason": "Answered elsewhere."});
        lead.post_if(&format!("{path}/withdrawal"), &tag, &reason)
            .await
            .expect(200);
    }
    app.deliver().await;
    path
}

/// The newest link to a contribution that was mailed to an address: its path.
async fn link(app: &App, email: &str) -> String {
    let mails = app.deliver().await;
    let mail = mails.iter().rfind(|mail| mail.to.address == email).expect("a mail");
    let text = mail.content.text();
    let start = text.find("/contributions/").expect("a link");
    text[start..].split_whitespace().next().expect("a secret").to_owned()
}

/// Where something is shown that is blocked, or not shown that is not.
async fn shown_faults(app: &App, queries: &[String], words: &[&str], shown: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let at = app.sign_in_coordinator("AT").await;
    let lead = app.sign_in_coordinator("LU").await;
    let expert = app.sign_in(USER[0]).await;
    for (path, ending) in queries.iter().zip(ENDINGS) {
        let response = format!("{path}/responses/AT");
        let asked = at.get(&format!("{response}/contributions")).await.expect(200);
        for word in words {
            if asked.text.contains(word) != shown {
                faults.push(format!("{ending}, contributions: {word} is shown: {}", !shown));
            }
        }
        let told = lead.get(&format!("{path}/deliveries")).await.expect(200);
        if told.text.contains("\"toUser\":true") != shown {
            faults.push(format!("{ending}, deliveries: users are shown: {}", !shown));
        }
        // No other place shows them, then or ever to the other office.
        let others: Vec<(&str, Reply)> = vec![
            ("the query", lead.get(path).await),
            ("the deliveries", told),
            ("the responses", lead.get(&format!("{path}/responses")).await),
            ("the response", lead.get(&response).await),
        ];
        for (what, reply) in &others {
            faults.extend(met(reply, words).map(|word| format!("{ending}, {what} of the lead: {word}")));
        }
        if !shown {
            for client in [&at, &expert] {
                for place in ["", "/versions", "/contributions", "/differences?from=1&to=1"] {
                    let reply = client.get(&format!("{response}{place}")).await;
                    faults.extend(met(&reply, words).map(|word| format!("{ending}, {place}: {word}")));
                }
            }
        }
    }
    faults
}

fn met<'a>(reply: &'a Reply, words: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let text: &Value = &reply.json;
    let text = text.to_string();
    words.iter().copied().filter(move |word| text.contains(word))
}
