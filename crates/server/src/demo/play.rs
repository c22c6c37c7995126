//! The play: a query from its first draft to its publication, by its requesters and respondents, day by day.

use std::path::PathBuf;

use ahq_domain::calendar::{Calendar, Calendars};
use ahq_domain::clock::written_date;
use ahq_exchange::editions::Format;
use chrono::NaiveDate;
use reqwest::Method;
use serde_json::json;

use super::desk::{Answer, Desk};
use super::{MovedClock, at, content, day};
use crate::data::Network;
use crate::lifecycle::StartError;
use crate::worker::Worker;

/// The days of the play, counted back from today in the Commission's working days.
pub(super) struct Schedule {
    /// The joint offices are invited.
    pub(super) begin: NaiveDate,
    accepted: NaiveDate,
    launch: NaiveDate,
    /// Each day on which answers come in.
    answers: Vec<NaiveDate>,
    first_deadline: NaiveDate,
    /// An office asks what is meant, and a question is corrected.
    clarified: NaiveDate,
    extended: NaiveDate,
    deadline: NaiveDate,
    late: NaiveDate,
    compiled: NaiveDate,
    signed: NaiveDate,
    announced: NaiveDate,
    /// The last day before the publication.
    notice_ends: NaiveDate,
}

impl Schedule {
    /// The schedule that ends before `today`.
    pub(super) fn until(today: NaiveDate, network: &Network) -> Result<Self, StartError> {
        let calendars: Calendars = network.holidays.iter().cloned().collect();
        let calendar: &Calendar = calendars.commission().map_err(no_calendar)?;
        let from = |date: NaiveDate, days: i32| calendar.add_working_days(date, days).map_err(no_calendar);
        let notice_ends = from(today, -2)?;
        let announced = from(notice_ends, -3)?;
        let deadline = from(announced, -5)?;
        let first_deadline = from(deadline, -3)?;
        let launch = from(first_deadline, -20)?;
        Ok(Self {
            begin: from(launch, -2)?,
            accepted: from(launch, -1)?,
            answers: (2..=22).map(|days| from(launch, days)).collect::<Result<_, _>>()?,
            clarified: from(launch, 6)?,
            extended: from(first_deadline, -3)?,
            late: from(deadline, 1)?,
            compiled: from(announced, -2)?,
            signed: from(announced, -1)?,
            launch,
            first_deadline,
            deadline,
            announced,
            notice_ends,
        })
    }
}

fn no_calendar(error: ahq_domain::calendar::NoCalendar) -> StartError {
    StartError::Other(error.to_string())
}

/// Everything the play needs.
pub(super) struct Play {
    pub(super) desk: Desk,
    pub(super) clock: MovedClock,
    pub(super) worker: Worker,
    pub(super) schedule: Schedule,
    /// Where its documents are put.
    pub(super) folder: PathBuf,
}

impl Play {
    pub(super) async fn run(&self) -> Result<(), StartError> {
        let path = self.draft().await?;
        let number = self.launch(&path).await?;
        let path = format!("/queries/{number}");
        self.answer(&path).await?;
        self.compile(&path).await?;
        self.publish(&path).await?;
        self.save(&path).await
    }

    /// Moves the clock, tells what happens, and delivers what is due before it.
    async fn on(&self, date: NaiveDate, hour: u32, minute: u32, what: &str) -> Result<(), StartError> {
        let instant = at(date, hour, minute);
        self.clock.set(instant);
        self.deliver().await?;
        day(instant, what)
    }

    async fn deliver(&self) -> Result<(), StartError> {
        self.worker
            .deliver_all()
            .await
            .map(|_| ())
            .map_err(|error| StartError::Other(error.to_string()))
    }

    async fn draft(&self) -> Result<String, StartError> {
        let days = &self.schedule;
        self.on(
            days.begin,
            9,
            30,
            "Luxembourg drafts the query and invites the Netherlands and the Commission",
        )
        .await?;
        let lead = self.desk.coordinator("LU").await?;
        let draft = content::query(days.first_deadline);
        let made = lead.send(Method::POST, "/queries", None, Some(&draft)).await?;
        let path = format!("/queries/{}", made.json["id"].as_str().unwrap_or_default());
        for office in ["NL", "COM"] {
            let etag = lead.etag(&path).await?;
            let body = json!({"office": office});
            lead.send(
                Method::POST,
                &format!("{path}/joint-offices"),
                etag.as_deref(),
                Some(&body),
            )
            .await?;
        }
        self.on(days.accepted, 11, 0, "Both accept").await?;
        for office in ["NL", "COM"] {
            let desk = self.desk.coordinator(office).await?;
            let etag = desk.etag(&path).await?;
            desk.send(Method::POST, &format!("{path}/joint-acceptance"), etag.as_deref(), None)
                .await?;
        }
        Ok(path)
    }

    async fn launch(&self, path: &str) -> Result<String, StartError> {
        let days = &self.schedule;
        let what = format!(
            "Luxembourg launches it to members and observers, until {}",
            written_date(days.first_deadline)
        );
        self.on(days.launch, 10, 0, &what).await?;
        let lead = self.desk.coordinator("LU").await?;
        let etag = lead.etag(path).await?;
        let body = json!({"addressed": "members_and_observers"});
        let launched = lead
            .send(Method::POST, &format!("{path}/launch"), etag.as_deref(), Some(&body))
            .await?;
        self.deliver().await?;
        Ok(launched.json["number"].as_str().unwrap_or_default().to_owned())
    }

    async fn answer(&self, path: &str) -> Result<(), StartError> {
        let days = &self.schedule;
        self.on(days.launch, 15, 0, "Luxembourg answers first, as a model")
            .await?;
        self.submit(path, "LU", 0).await?;
        let on_time: Vec<&str> = content::RESPONDENTS
            .into_iter()
            .filter(|office| !["LU", content::LATE].contains(office))
            .collect();
        let (mut clarified, mut extended) = (false, false);
        for (index, office) in on_time.iter().enumerate() {
            let date = days.answers[index * (days.answers.len() - 1) / on_time.len().max(1)];
            if !clarified && date >= days.clarified {
                self.clarify(path).await?;
                clarified = true;
            }
            if !extended && date >= days.extended {
                self.extend(path).await?;
                extended = true;
            }
            self.clock.set(at(date, 9, 30 + u32::try_from(index).unwrap_or(0)));
            self.submit(path, office, index + 1).await?;
            if index % 6 == 5 {
                day(
                    at(date, 17, 0),
                    format!(
                        "{} of {} countries have answered",
                        index + 2,
                        content::RESPONDENTS.len()
                    ),
                )?;
            }
        }
        self.on(days.deadline, 9, 0, "Romania declines").await?;
        let romania = self.desk.coordinator("RO").await?;
        let reason = json!({"reason": "Example: the staff concerned are on another task until next month."});
        romania
            .send(
                Method::POST,
                &format!("{path}/responses/RO/declination"),
                None,
                Some(&reason),
            )
            .await?;
        self.on(
            days.deadline,
            16,
            0,
            "Sweden amends its answer: the figures that were to follow are there",
        )
        .await?;
        self.amend(path, "SE").await?;
        self.on(days.late, 11, 0, "Malta answers, a day late").await?;
        self.submit(path, content::LATE, content::RESPONDENTS.len()).await
    }

    /// Norway asks what is meant; Luxembourg replies and corrects the question. Of those who have answered, Luxembourg and
    /// Austria confirm, and the others leave it at their answers to the earlier wording.
    async fn clarify(&self, path: &str) -> Result<(), StartError> {
        let date = self.schedule.clarified;
        self.on(date, 9, 0, "Norway asks whether question 5 means persons or cases")
            .await?;
        let asking = self.desk.coordinator("NO").await?;
        let clarifications = format!("{path}/clarifications");
        let asked = asking
            .send(Method::POST, &clarifications, None, Some(&content::unclear()))
            .await?;
        self.on(
            date,
            11,
            0,
            "Luxembourg replies, and corrects the wording of question 5",
        )
        .await?;
        let lead = self.desk.coordinator("LU").await?;
        let reply = format!(
            "{clarifications}/{}/reply",
            asked.json["id"].as_str().unwrap_or_default()
        );
        lead.send(Method::POST, &reply, None, Some(&content::clear())).await?;
        let etag = lead.etag(path).await?;
        let corrections = format!("{path}/corrections");
        lead.send(
            Method::POST,
            &corrections,
            etag.as_deref(),
            Some(&content::correction()),
        )
        .await?;
        self.on(date, 15, 0, "Luxembourg and Austria confirm that their answers stand")
            .await?;
        for office in ["LU", "AT"] {
            let desk = self.desk.coordinator(office).await?;
            let response = format!("{path}/responses/{office}");
            let etag = desk.etag(&response).await?;
            let stands = json!({"questions": [{"id": "q5", "revision": 2}]});
            let confirmation = format!("{response}/confirmation");
            desk.send(Method::POST, &confirmation, etag.as_deref(), Some(&stands))
                .await?;
        }
        Ok(())
    }

    async fn extend(&self, path: &str) -> Result<(), StartError> {
        let days = &self.schedule;
        let what = format!("Luxembourg extends the deadline to {}", written_date(days.deadline));
        self.on(days.extended, 9, 0, &what).await?;
        let lead = self.desk.coordinator("LU").await?;
        let etag = lead.etag(path).await?;
        let body = json!({"deadline": days.deadline, "reason": "Several countries asked for three days more to check their figures."});
        lead.send(
            Method::POST,
            &format!("{path}/extensions"),
            etag.as_deref(),
            Some(&body),
        )
        .await?;
        self.deliver().await
    }

    async fn submit(&self, path: &str, office: &str, index: usize) -> Result<(), StartError> {
        let desk = self.desk.coordinator(office).await?;
        let response = format!("{path}/responses/{office}");
        let answers = content::answers(office, index);
        let saved = desk.send(Method::PUT, &response, None, Some(&answers)).await?;
        desk.send(
            Method::POST,
            &format!("{response}/submission"),
            saved.etag.as_deref(),
            None,
        )
        .await?;
        Ok(())
    }

    async fn amend(&self, path: &str, office: &str) -> Result<(), StartError> {
        let desk = self.desk.coordinator(office).await?;
        let response = format!("{path}/responses/{office}");
        let answer = format!("{response}/answers/q5");
        let etag = desk.etag(&answer).await?;
        let body = json!({"number": {"value": "412", "flag": "provisional"}, "asOf": self.schedule.late});
        desk.send(Method::PUT, &answer, etag.as_deref(), Some(&body)).await?;
        let etag = desk.etag(&response).await?;
        desk.send(Method::POST, &format!("{response}/submission"), etag.as_deref(), None)
            .await?;
        Ok(())
    }

    async fn compile(&self, path: &str) -> Result<(), StartError> {
        let days = &self.schedule;
        self.on(days.compiled, 10, 0, "Luxembourg compiles edition 1").await?;
        let lead = self.desk.coordinator("LU").await?;
        let etag = lead.etag(path).await?;
        lead.send(Method::POST, &format!("{path}/editions"), etag.as_deref(), None)
            .await?;
        self.on(
            days.signed,
            14,
            0,
            "Luxembourg edits and signs the summaries; the compilation is mailed",
        )
        .await?;
        let lead = self.desk.coordinator("LU").await?;
        for circle in ["network", "public"] {
            let summary = format!("{path}/summary?circle={circle}");
            let begun = match circle {
                "network" => Some(lead.get(&summary).await?),
                _ => None,
            };
            let network = lead.get(&format!("{path}/summary?circle=network")).await?;
            let text = content::summary(circle, &network.json);
            let etag = begun.and_then(|begun| begun.etag);
            let saved = lead.send(Method::PUT, &summary, etag.as_deref(), Some(&text)).await?;
            let signature = format!("{path}/summary/signature?circle={circle}");
            lead.send(Method::POST, &signature, saved.etag.as_deref(), None).await?;
        }
        self.deliver().await
    }

    async fn publish(&self, path: &str) -> Result<(), StartError> {
        let days = &self.schedule;
        self.on(
            days.announced,
            9,
            0,
            "Luxembourg announces the publication; the respondents have three working days to narrow",
        )
        .await?;
        let lead = self.desk.coordinator("LU").await?;
        let etag = lead.etag(path).await?;
        lead.send(
            Method::POST,
            &format!("{path}/publication"),
            etag.as_deref(),
            Some(&json!({"edition": 1})),
        )
        .await?;
        self.deliver().await?;
        let public = days.notice_ends.succ_opt().unwrap_or(days.notice_ends);
        self.on(public, 8, 0, "The public view is public; everybody concerned is told")
            .await?;
        self.deliver().await
    }

    /// Saves the documents of the edition, and a form as it goes out.
    async fn save(&self, path: &str) -> Result<(), StartError> {
        let lead = self.desk.coordinator("LU").await?;
        for circle in ["requester", "network", "public"] {
            for format in Format::ALL.map(Format::extension) {
                let address = format!("{path}/editions/1?circle={circle}&format={format}");
                self.keep("editions", lead.get(&address).await?)?;
            }
        }
        let respondent = self.desk.coordinator("AT").await?;
        let form = respondent.get(&format!("{path}/responses/AT/word-form")).await?;
        self.keep("forms", form)
    }

    /// Keeps a document under the name it was given.
    fn keep(&self, part: &str, document: Answer) -> Result<(), StartError> {
        let folder = self.folder.join(part);
        let failed = |error: std::io::Error| StartError::Other(format!("{}: {error}", folder.display()));
        let unnamed = || StartError::Other("a document came without a name".to_owned());
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let name = document.file_name.ok_or_else(unnamed)?;
        std::fs::write(folder.join(name), document.bytes).map_err(failed)
    }
}
