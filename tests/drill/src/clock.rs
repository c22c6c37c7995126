//! R6: whatever the clock does, a response is on time or late to the microsecond.
//!
//! Deadlines stand around the nights in which the clocks of Brussels change, at the turn of years, and in January 2038,
//! when clocks that count in 32 bits end. For each response the exchange's clock is set to an instant around the end of the
//! deadline, in no order, so that it jumps forward and back by up to an hour. Where that end lies is worked out here from
//! the day alone.

use ahq_domain::clock::Instant;
use ahq_domain::user::Role;
use ahq_harness::goal::{Goal, say};
use ahq_harness::{App, Client};
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta};
use serde_json::{Value, json};

use crate::Order;
use crate::chance::{Chance, given_seed};
use crate::scene::{answers, draft, etag};
use crate::year::model::{Year, brussels};

const SEED: u64 = 6;
/// The offices that answer; Luxembourg asks.
const OFFICES: [&str; 20] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT", "LV", "NL", "SE",
    "SK",
];
/// Around these days deadlines are set: nights in which clocks change, turns of years, a leap day, and 2038.
const AROUND: [&str; 10] = [
    "2027-03-28",
    "2027-10-31",
    "2027-12-31",
    "2028-02-29",
    "2028-03-26",
    "2028-10-29",
    "2029-03-25",
    "2029-10-28",
    "2038-01-19",
    "2038-03-28",
];
/// How many queries for each of them.
const QUERIES: usize = 50;
const QUERIES_SHORT: usize = 2;
/// How far from the end of a deadline responses come, beside some instant drawn by chance.
const DISTANCES: [TimeDelta; 7] = [
    TimeDelta::hours(-1),
    TimeDelta::seconds(-1),
    TimeDelta::microseconds(-1),
    TimeDelta::zero(),
    TimeDelta::microseconds(1),
    TimeDelta::seconds(1),
    TimeDelta::hours(1),
];

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let Some(app) = App::start(order.database).await else {
        return Vec::new();
    };
    let mut drill = Drill {
        chance: Chance::of(given_seed().unwrap_or(SEED)),
        year: Year::read(),
        faults: Vec::new(),
        cases: 0,
        late: 0,
        app,
    };
    drill.begin().await;
    let each = if order.short { QUERIES_SHORT } else { QUERIES };
    for day in AROUND {
        let day: NaiveDate = day.parse().expect("a day");
        drill.around(day, each).await;
        if order.is_decided(drill.faults.len()) {
            break;
        }
    }
    let (cases, late) = (drill.cases, drill.late);
    say(format!(
        "  {cases} responses around {} days, {late} of them late",
        AROUND.len()
    ));
    for fault in drill.faults.iter().take(5) {
        say(format!("    {fault}"));
    }
    let wanted = each * AROUND.len() * OFFICES.len();
    let faults = drill.faults.len();
    vec![
        Goal::new(order.goal("R6"), faults, 0, faults == 0),
        Goal::new(
            order.goal("R6-cases"),
            cases,
            wanted,
            cases == wanted && late > 0 && late < cases,
        ),
    ]
}

struct Drill {
    app: App,
    chance: Chance,
    year: Year,
    faults: Vec<String>,
    cases: usize,
    late: usize,
}

impl Drill {
    /// Users, and the holidays of the years that come without.
    async fn begin(&mut self) {
        for office in OFFICES.iter().chain(&["LU"]) {
            self.app.coordinator(office).await;
        }
        let provider = self.app.user("SP", Role::Coordinator).await;
        for year in [2037, 2038] {
            let path = format!("/calendar/holidays/COM/{year}");
            let etag = etag(&provider, &path).await;
            let body = json!({"holidays": [{"date": format!("{year}-01-01"), "name": "New Year's Day"}]});
            provider.put_if(&path, &etag, &body).await.expect(200);
        }
    }

    async fn around(&mut self, day: NaiveDate, queries: usize) {
        // Thirty-odd days before, so that no deadline is urgent and sessions last.
        let launch = self.working_day(day - Days::new(21));
        let launched_at = brussels(launch, NaiveTime::from_hms_opt(9, 0, 0).expect("a time"));
        self.set(launched_at);
        let mut offices = Vec::new();
        for office in OFFICES {
            offices.push((office, self.client(office).await));
        }
        let lead = self.client("LU").await;
        for number in 0..queries {
            let from = day - Days::new(3) + Days::new(self.chance.below(7));
            let deadline = self.working_day(from);
            self.set(launched_at);
            self.query(&lead, &offices, deadline, number).await;
        }
    }

    fn working_day(&self, mut day: NaiveDate) -> NaiveDate {
        // Of 2037 and 2038 the first of January is the only holiday told.
        let told = |day: NaiveDate| self.year.works(day) && (day.year() < 2037 || day.ordinal() > 1);
        while !told(day) {
            day = day + Days::new(1);
        }
        day
    }

    fn set(&self, instant: Instant) {
        self.app.set_clock(&instant.to_rfc3339());
    }

    async fn client(&self, office: &str) -> Client {
        self.app.sign_in_coordinator(office).await
    }

    /// One query with its responses, the clock set anew for each.
    async fn query(&mut self, lead: &Client, offices: &[(&str, Client)], deadline: NaiveDate, number: usize) {
        let mut body = draft(&format!("Missing minors {number}"));
        body["deadline"] = json!(deadline.to_string());
        let drafted = lead.post("/queries", &body).await.expect(201);
        let path = format!("/queries/{}", drafted.json["id"].as_str().expect("an id"));
        let launch = json!({"addressed": "members"});
        let launched = lead
            .post_if(&format!("{path}/launch"), &drafted.etag(), &launch)
            .await
            .expect(200);
        if launched.json["deadline"] != deadline.to_string() {
            self.faults
                .push(format!("{deadline} became {}", launched.json["deadline"]));
            return;
        }
        // The deadline ends with its day: the first instant of the next one is too late.
        let end = brussels(deadline + Days::new(1), NaiveTime::MIN);
        for (office, client) in offices {
            let response = format!("{path}/responses/{office}");
            let saved = client.put(&response, &answers()).await.expect(201);
            let at = end + self.distance();
            self.set(at);
            let reply = client
                .post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
                .await;
            let submitted = reply.expect(200).json;
            let late = at >= end;
            self.cases += 1;
            self.late += usize::from(late);
            self.judge(&submitted, at, late, &format!("{office} to the deadline {deadline}"));
            let open = at < end;
            let status = lead.get(&path).await.expect(200).json["status"].clone();
            if status != if open { "open" } else { "closed" } {
                self.faults.push(format!("{deadline}: {status} at {at}"));
            }
            if self.chance.below(4) == 0 {
                self.amend(client, &response, end, (at, late)).await;
            }
        }
    }

    fn distance(&mut self) -> TimeDelta {
        if self.chance.below(3) == 0 {
            let micros = i64::try_from(self.chance.below(7_200_000_000)).expect("two hours");
            return TimeDelta::microseconds(micros - 3_600_000_000);
        }
        *self.chance.one(&DISTANCES)
    }

    /// An amendment changes nothing about when a response came first, be the clock before the deadline again or after it.
    async fn amend(&mut self, client: &Client, response: &str, end: Instant, first: (Instant, bool)) {
        let at = end + self.distance();
        self.set(at);
        let mut body = answers();
        body["answers"]["q2"] = json!({"text": "By two registers."});
        let saved = client
            .put_if(response, &etag(client, response).await, &body)
            .await
            .expect(200);
        let reply = client
            .post_if(&format!("{response}/submission"), &saved.etag(), &json!({}))
            .await;
        let amended = reply.expect(200).json;
        self.judge(&amended, first.0, first.1, &format!("{response}, amended at {at}"));
    }

    fn judge(&mut self, response: &Value, first: Instant, late: bool, what: &str) {
        let told: Option<Instant> = response["firstSubmittedAt"].as_str().and_then(|at| at.parse().ok());
        if told != Some(first) || response["late"] != late {
            self.faults.push(format!(
                "{what}: came in at {first}, late: {late}; told {} late: {}",
                response["firstSubmittedAt"], response["late"]
            ));
        }
    }
}
