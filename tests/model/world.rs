//! The running program, its users and the clock that is set back for each sequence.

use std::collections::HashMap;
use std::rc::Rc;

use ahq_domain::user::Role as ProgramRole;
use ahq_harness::{App, BEGIN, Client, Database, PASSWORD};
use chrono::{Datelike, Duration};
use serde_json::{Value, json};

use crate::calendar::{Calendar, Instant, day};
use crate::step::{CHANGING, Caller, Role};

/// How long a session of a test is used; the program ends it after thirty days.
const SLOT: Duration = Duration::days(25);

/// The program and those who speak to it.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) calendar: Rc<Calendar>,
    /// Nobody; the others share its connections, so that none lies idle until the program closes it.
    public: Client,
    now: Instant,
    /// The renewing token of each user's session, by the slot of days it began in.
    sessions: HashMap<(Caller, i64), String>,
    /// A caller with an access token of this very instant.
    clients: HashMap<(Caller, Instant), Client>,
    /// The changing user with a token of a session that was ended.
    disabled: Option<Client>,
    user: String,
    /// The highest number of a query in each year.
    numbers: HashMap<i32, u32>,
    /// How many queries were drafted.
    pub(crate) queries: u32,
}

/// When every sequence begins.
pub(crate) fn begin() -> Instant {
    BEGIN.parse().expect("an instant")
}

impl World {
    /// Starts the program and adds the users; none where there is no such database.
    pub(crate) async fn start(database: Database) -> Option<Self> {
        let app = App::start(database).await?;
        let mut coordinator = None;
        for caller in Caller::ALL {
            if let Caller::User(office, role) = caller {
                let role = match role {
                    Role::Reader => ProgramRole::Reader,
                    Role::Expert => ProgramRole::Expert,
                    Role::Coordinator => ProgramRole::Coordinator,
                };
                let client = app.user(office.code(), role).await;
                coordinator.get_or_insert(client);
            }
        }
        let users = coordinator?.get("/offices/LU/users").await.expect(200);
        let found = users.json["items"]
            .as_array()
            .and_then(|items| items.iter().find(|user| user["email"] == email(CHANGING)));
        let user = found?["id"].as_str()?.to_owned();
        Some(Self {
            public: app.public(),
            app,
            calendar: Rc::new(Calendar::read()),
            now: begin(),
            sessions: HashMap::new(),
            clients: HashMap::new(),
            disabled: None,
            user,
            numbers: HashMap::new(),
            queries: 0,
        })
    }

    /// Sets the clock, back as well.
    pub(crate) fn set_clock(&mut self, now: Instant) {
        self.now = now;
        self.app.set_clock(&now.to_rfc3339());
    }

    /// A caller as of this instant.
    pub(crate) async fn client(&mut self, caller: Caller) -> Client {
        if caller == Caller::Nobody {
            return self.public.clone();
        }
        if let (CHANGING, Some(client)) = (caller, &self.disabled) {
            return client.clone();
        }
        if let Some(client) = self.clients.get(&(caller, self.now)) {
            return client.clone();
        }
        let slot = (self.now - begin()).num_seconds().div_euclid(SLOT.num_seconds());
        if !self.sessions.contains_key(&(caller, slot)) {
            // The session begins with its slot, so that it serves every later instant of it.
            let slots = i32::try_from(slot).expect("a few hundred slots");
            self.app.set_clock(&(begin() + SLOT * slots).to_rfc3339());
            let body = json!({"email": email(caller), "password": PASSWORD});
            let tokens = self.public.clone().post("/session", &body).await.expect(201);
            self.app.set_clock(&self.now.to_rfc3339());
            self.sessions.insert((caller, slot), text(&tokens.json["refreshToken"]));
        }
        let body = json!({"refreshToken": self.sessions[&(caller, slot)]});
        let tokens = self.public.clone().post("/session/refresh", &body).await.expect(200);
        self.sessions.insert((caller, slot), text(&tokens.json["refreshToken"]));
        let client = self.public.clone().with_token(&text(&tokens.json["accessToken"]));
        self.clients.insert((caller, self.now), client.clone());
        client
    }

    /// Where the changing user stands.
    pub(crate) fn user_path(&self) -> String {
        format!("/offices/LU/users/{}", self.user)
    }

    /// The body that gives the changing user a role, or disables it.
    pub(crate) fn user_change(role: Option<Role>) -> Value {
        let word = role.unwrap_or(Role::Expert).word();
        json!({"name": "Changing", "disabled": role.is_none(), "grants": [{"role": word, "from": "2026-01-01"}]})
    }

    /// Gets ready for the changing user's next role: a disabled one keeps a token that is good no more.
    pub(crate) async fn role_changes(&mut self, role: Option<Role>) {
        match role {
            Some(_) => self.disabled = None,
            None if self.disabled.is_none() => {
                let client = self.client(CHANGING).await;
                self.disabled = Some(client);
                self.clients.retain(|(caller, _), _| *caller != CHANGING);
                self.sessions.retain(|(caller, _), _| *caller != CHANGING);
            }
            None => {}
        }
    }

    /// The number that the next launch gets.
    pub(crate) fn next_number(&self) -> String {
        let year = day(self.now).year();
        format!("{year}.{}", self.numbers.get(&year).copied().unwrap_or(0) + 1)
    }

    /// Notes that a launch got its number.
    pub(crate) fn count_launch(&mut self) {
        *self.numbers.entry(day(self.now).year()).or_default() += 1;
    }
}

fn email(caller: Caller) -> String {
    match caller {
        Caller::User(office, role) => format!("{}.{}@example.org", office.code(), role.word()).to_lowercase(),
        Caller::Nobody => String::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a token").to_owned()
}
