//! A year of reminders: eighty queries to all offices, answered by chance, extended, closed and withdrawn, the worker away
//! three times for two days. Each reminder that leaves is held against a model that knows the rule alone.
//!
//! The exchange's clock is the drill's. Each day it stands at the last second before eight in Brussels, at eight, when
//! answers still come in between the writing of reminders and their leaving, and at two.

pub(crate) mod model;

use std::collections::{BTreeMap, BTreeSet};

use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client, coordinator_address};
use ahq_mail::memory::Memory;
use ahq_mail::transport::Transport;
use chrono::{Days, NaiveDate, NaiveTime};
use serde_json::{Value, json};

use crate::Order;
use crate::chance::{Chance, given_seed};
use crate::scene::{answers, draft, etag};
use model::{Due, Model, brussels};

/// Chance's seed, where nobody gives another: the year is the same each time.
const SEED: u64 = 2026;
/// The first day.
const FIRST: &str = "2026-11-03";
/// How many days, and how many queries are launched on them.
const DAYS: u64 = 365;
const QUERIES: u64 = 80;
/// The short form: Christmas, the turn of the year and the night in March when clocks go forward.
const DAYS_SHORT: u64 = 150;
const QUERIES_SHORT: u64 = 12;
/// How often the worker is away, and for how many days.
const OUTAGES: usize = 3;
const AWAY: u64 = 2;
/// A session is renewed after so many days.
const SIGNED_IN: u64 = 20;

/// What was found wrong.
#[derive(Default)]
struct Faults {
    missing: Vec<String>,
    double: Vec<String>,
    wrong: Vec<String>,
    digests: Vec<String>,
}

impl Faults {
    fn count(&self) -> usize {
        self.missing.len() + self.double.len() + self.wrong.len() + self.digests.len()
    }
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let (days, queries) = match order.short {
        true => (DAYS_SHORT, QUERIES_SHORT),
        false => (DAYS, QUERIES),
    };
    let mut year = Simulation::begin(app, days, queries).await;
    for _ in 0..days {
        year.day().await;
        if order.is_decided(year.faults.count()) {
            break;
        }
    }
    say(format!(
        "  {} queries to {} offices in {days} days, {} answers, {} reminders, {} digests, {} messages in all",
        year.model.queries.len(),
        year.offices.len(),
        year.answers,
        year.reminders,
        year.digests,
        year.messages
    ));
    year.goals(order)
}

struct Simulation {
    app: App,
    chance: Chance,
    model: Model,
    today: NaiveDate,
    /// All contact points, and when the client of each signed in.
    offices: Vec<String>,
    clients: BTreeMap<String, (Client, NaiveDate)>,
    /// Where each query is, and who asks it.
    asked: BTreeMap<String, (String, String)>,
    /// Answers given in part.
    in_part: BTreeSet<(String, String)>,
    away: BTreeSet<NaiveDate>,
    /// How many queries are launched, and on how many of a hundred working days one is, until they are all out.
    queries: usize,
    launches: u64,
    faults: Faults,
    answers: usize,
    reminders: usize,
    digests: usize,
    messages: usize,
}

impl Simulation {
    async fn begin(app: App, days: u64, queries: u64) -> Self {
        let network = ahq_server::data::Network::embedded().expect("the network's data");
        let first: NaiveDate = FIRST.parse().expect("a day");
        let points = network.offices.iter().filter(|office| {
            office.kind == ahq_domain::office::OfficeKind::NationalContactPoint && office.takes_part_on(first)
        });
        let offices: Vec<String> = points.map(|office| office.code.to_string()).collect();
        let mut chance = Chance::of(given_seed().unwrap_or(SEED));
        let model = Model::new();
        let mut away = BTreeSet::new();
        for outage in 0..OUTAGES {
            // Evenly over the time, from a working day on.
            let part = days / u64::try_from(OUTAGES).unwrap_or(1);
            let from = first + Days::new(part * u64::try_from(outage).unwrap_or(0) + 20 + chance.below(part / 2));
            let from = model.year.later(from, 1);
            away.extend((0..AWAY).map(|day| from + Days::new(day)));
        }
        let mut clients = BTreeMap::new();
        for office in &offices {
            clients.insert(office.clone(), (app.coordinator(office).await, first));
        }
        Self {
            app,
            chance,
            model,
            today: first,
            offices,
            clients,
            asked: BTreeMap::new(),
            in_part: BTreeSet::new(),
            away,
            queries: usize::try_from(queries).expect("few queries"),
            launches: queries * 170 / days,
            faults: Faults::default(),
            answers: 0,
            reminders: 0,
            digests: 0,
            messages: 0,
        }
    }

    fn sets(&self, hour: u32, minute: u32, second: u32) {
        let time = NaiveTime::from_hms_opt(hour, minute, second).expect("a time");
        self.app.set_clock(&brussels(self.today, time).to_rfc3339());
    }

    async fn day(&mut self) {
        self.sets(7, 59, 59);
        self.worker(false).await;
        self.sets(8, 0, 0);
        self.worker(true).await;
        self.sets(10, 30, 0);
        if self.model.year.works(self.today) {
            self.events().await;
        }
        self.sets(14, 0, 0);
        self.worker(false).await;
        self.sets(20, 0, 0);
        self.answers(40).await;
        self.today = self.today + Days::new(1);
    }

    /// The worker's round, and what it should bring. Between the writing and the leaving, answers may come in.
    async fn worker(&mut self, answers_between: bool) {
        if self.away.contains(&self.today) {
            return;
        }
        let exchange = self.app.exchange().clone();
        let begun = self.app.exchange().clock().now();
        exchange.remind().await.expect("reminders");
        exchange.write_digests().await.expect("digests");
        let eight = brussels(self.today, NaiveTime::from_hms_opt(8, 0, 0).expect("a time"));
        let sends = self.model.year.works(self.today) && begun >= eight;
        if sends {
            self.model.look(self.today);
        }
        if answers_between {
            self.answers(25).await;
        }
        let due = if sends {
            self.model.leave(self.today)
        } else {
            Vec::new()
        };
        let memory = Memory::new();
        self.app.deliver_through(&Transport::Memory(memory.clone())).await;
        self.compare(due, &memory);
    }

    /// Holds what left against what should.
    fn compare(&mut self, due: Vec<Due>, memory: &Memory) {
        let sent = memory.sent();
        self.messages += sent.len();
        let mut left: Vec<Due> = Vec::new();
        let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for message in &sent {
            let (subject, to) = (message.content.subject(), &message.to.address);
            if let Some(reminder) = reminder(subject, to) {
                left.push(reminder);
            } else if subject.contains("Digest of") {
                let told = message.content.text().to_owned();
                digests.entry(to.clone()).or_default().push(told);
            }
        }
        self.reminders += left.len();
        self.digests += digests.len();
        let day = self.today;
        for (to, all) in &digests {
            if all.len() > 1 {
                self.faults
                    .digests
                    .push(format!("{day}: {} digests to {to}", all.len()));
            }
        }
        for (number, office, _) in &left {
            let user = coordinator_address(office);
            let told = digests.get(&user).into_iter().flatten();
            if !told.into_iter().any(|digest| digest.contains(number.as_str())) {
                let fault = format!("{day}: no digest tells {user} of the reminder about {number}");
                self.faults.digests.push(fault);
            }
        }
        let mut wanted = due;
        for (number, office, said) in left {
            let told = format!("{day}: {number} to {office}, {said}");
            match wanted.iter().position(|due| due.0 == number && due.1 == office) {
                Some(found) if wanted[found].2 == said => drop(wanted.swap_remove(found)),
                Some(found) => {
                    let should = wanted.swap_remove(found).2;
                    self.faults.wrong.push(format!("{told}; it should say {should}"));
                }
                None => self.faults.double.push(told),
            }
        }
        let missing = wanted
            .into_iter()
            .map(|(number, office, said)| format!("{day}: {number} to {office}, {said}"));
        self.faults.missing.extend(missing);
    }

    /// The client of an office's coordinator, its session renewed where need be.
    async fn client(&mut self, office: &str) -> Client {
        let (client, since) = self.clients[office].clone();
        if self.today < since + Days::new(SIGNED_IN) {
            return client;
        }
        let client = self.app.sign_in_coordinator(office).await;
        self.clients.insert(office.to_owned(), (client.clone(), self.today));
        client
    }

    /// Every office that owes an answer gives it, in part, or declines, one time in so many.
    async fn answers(&mut self, seldom: u64) {
        let running: Vec<String> = self.running();
        for number in running {
            for office in self.model.owe(&number) {
                if self.chance.below(seldom) == 0 {
                    self.answer(&number, &office).await;
                }
            }
        }
    }

    /// Queries that are neither withdrawn nor closed early.
    fn running(&self) -> Vec<String> {
        let queries = self.model.queries.iter().filter(|(_, query)| !query.over);
        queries.map(|(number, _)| number.clone()).collect()
    }

    async fn answer(&mut self, number: &str, office: &str) {
        let client = self.client(office).await;
        let path = format!("{}/responses/{office}", self.asked[number].0);
        let known = (number.to_owned(), office.to_owned());
        let begun = client.get(&path).await;
        let kind = self.chance.below(12);
        if kind == 0 && begun.status != 200 {
            let body = json!({"reason": "No staff."});
            client.post(&format!("{path}/declination"), &body).await.expect(200);
            self.model.answered(number, office, true);
            return;
        }
        let in_part = kind == 1 && self.in_part.insert(known);
        let mut body = answers();
        if in_part {
            body["answers"]["q2"] = json!({"instead": "to_follow", "comment": "In a week."});
        }
        let saved = match begun.status {
            200 => client.put_if(&path, &begun.etag(), &body).await.expect(200),
            _ => client.put(&path, &body).await.expect(201),
        };
        let submission = format!("{path}/submission");
        client.post_if(&submission, &saved.etag(), &json!({})).await.expect(200);
        self.answers += 1;
        self.model.answered(number, office, !in_part);
    }

    /// What contact points do in a day: ask, extend, agree on dates, retract, close and withdraw.
    async fn events(&mut self) {
        if self.chance.below(100) < self.launches && self.asked.len() < self.queries {
            self.launch().await;
        }
        for number in self.running() {
            match self.chance.below(200) {
                0..=3 => self.extend(&number).await,
                4..=7 => self.agree(&number).await,
                8..=9 => self.retract(&number).await,
                10 => self.end(&number, "withdrawal").await,
                11 => self.end(&number, "closure").await,
                _ => {}
            }
        }
    }

    async fn launch(&mut self) {
        let lead = self.chance.one(&self.offices).clone();
        let client = self.client(&lead).await;
        let mut query = draft(&format!("Query of {}", self.today));
        // None: twenty working days. Else ten to forty, one in ten urgent.
        let days = match self.chance.below(10) {
            0 => Some(2 + self.chance.below(8)),
            1..=4 => Some(10 + self.chance.below(30)),
            _ => None,
        };
        if let Some(days) = days {
            query["deadline"] = json!(self.model.year.later(self.today, days).to_string());
        }
        if days.is_some_and(|days| days < 10) {
            query["urgentReason"] = json!("The law is voted on.");
        }
        let reply = client.post("/queries", &query).await.expect(201);
        let path = format!("/queries/{}", reply.json["id"].as_str().expect("an id"));
        let addressed = ["members", "members_and_observers"][self.chance.place(2)];
        let launched = client
            .post_if(
                &format!("{path}/launch"),
                &reply.etag(),
                &json!({"addressed": addressed}),
            )
            .await
            .expect(200)
            .json;
        let deadline = self.model.year.later(self.today, days.unwrap_or(20));
        if launched["deadline"] != deadline.to_string() {
            let told = format!(
                "{}: the deadline is {}, not {deadline}",
                self.today, launched["deadline"]
            );
            self.faults.wrong.push(told);
        }
        let number = launched["number"].as_str().expect("a number").to_owned();
        let addressees = launched["addressees"].as_array().expect("addressees").iter();
        let expected = addressees.filter(|addressee| addressee["expected"] == true);
        let expected = expected.map(|addressee| addressee["office"].as_str().expect("an office").to_owned());
        self.model.launched(&number, self.today, deadline, expected.collect());
        self.asked.insert(number, (path, lead));
    }

    /// A day that the query may be given, later than its deadline.
    fn later(&mut self, number: &str) -> NaiveDate {
        let from = self.model.queries[number].deadline.max(self.today);
        let days = 2 + self.chance.below(10);
        self.model.year.later(from, days)
    }

    async fn extend(&mut self, number: &str) {
        let deadline = self.later(number);
        let body = json!({"deadline": deadline.to_string(), "reason": "Several offices asked."});
        if self.change(number, "extensions", &body).await {
            self.model.extended(number, self.today, deadline);
        }
    }

    /// An office asks for a later day, and gets it.
    async fn agree(&mut self, number: &str) {
        let owing = self.model.owe(number);
        if owing.is_empty() {
            return;
        }
        let office = self.chance.one(&owing).clone();
        let date = self.later(number);
        let client = self.client(&office).await;
        let body = json!({"deadline": date.to_string(), "reason": "The ministry answers later."});
        let requests = format!("{}/extension-requests", self.asked[number].0);
        let asked = client.post(&requests, &body).await;
        if asked.status != 201 {
            return;
        }
        let answer = format!(
            "extension-requests/{}/answer",
            asked.json["id"].as_str().expect("an id")
        );
        if self.change(number, &answer, &json!({"outcome": "granted"})).await {
            self.model.agreed(number, &office, self.today, date);
        }
    }

    async fn retract(&mut self, number: &str) {
        let answered = self.model.have_answered(number);
        if answered.is_empty() {
            return;
        }
        let office = self.chance.one(&answered).clone();
        let client = self.client(&office).await;
        let path = format!("{}/responses/{office}", self.asked[number].0);
        let body = json!({"reason": "The figures were wrong."});
        let etag = etag(&client, &path).await;
        let reply = client.post_if(&format!("{path}/retraction"), &etag, &body).await;
        // What was declined cannot be retracted.
        if reply.status == 200 {
            self.model.answered(number, &office, false);
        }
    }

    async fn end(&mut self, number: &str, how: &str) {
        if self
            .change(number, how, &json!({"reason": "The law was voted on."}))
            .await
        {
            self.model.over(number);
        }
    }

    /// A change of the query by the one who asks; whether it was taken.
    async fn change(&mut self, number: &str, what: &str, body: &Value) -> bool {
        let (path, lead) = self.asked[number].clone();
        let client = self.client(&lead).await;
        let etag = etag(&client, &path).await;
        client.post_if(&format!("{path}/{what}"), &etag, body).await.status == 200
    }

    fn goals(&self, order: &Order) -> Vec<Goal> {
        let faults = &self.faults;
        [
            ("year-missing", &faults.missing),
            ("year-double", &faults.double),
            ("year-wrong", &faults.wrong),
            ("year-digests", &faults.digests),
        ]
        .into_iter()
        .map(|(id, faults)| {
            for fault in faults.iter().take(5) {
                say(format!("    {id}: {fault}"));
            }
            Goal::new(order.goal(id), faults.len(), 0, faults.is_empty())
        })
        .chain([Goal::new(
            order.goal("year-reminders"),
            self.reminders,
            ">=100",
            self.reminders >= 100,
        )])
        .collect()
    }
}

/// The reminder that a message is, where it is one.
fn reminder(subject: &str, to: &str) -> Option<Due> {
    let number = subject.strip_prefix("[EMN AHQ ")?.split(']').next()?;
    let said = subject.split_once("] Reminder, ")?.1.split(':').next()?;
    let office = to.strip_prefix("ncp-")?.split('@').next()?;
    Some((number.to_owned(), office.to_uppercase(), said.to_owned()))
}
