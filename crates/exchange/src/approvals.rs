//! A second pair of eyes: what an office has settled about it, and asking for approval of a draft.

use ahq_domain::approval::{Approval, OfficeSettings, active_coordinators};
use ahq_domain::office::{OfficeCode, OfficeKind};
use ahq_domain::permission::{Action, Subject};
use ahq_domain::query::Query;
use ahq_domain::refusal::Refusal;
use ahq_domain::response::check_complete;
use ahq_domain::user::User;
use ahq_store::queries::QueryRef;
use ahq_store::{notifications, office_settings, offices, users};
use serde_json::json;

use crate::error::Error;
use crate::outgoing::Note;
use crate::responses::{ResponseDetail, no_draft, subject};
use crate::work::{Work, must_be_version};

/// What an office has settled for itself, and what comes of it.
#[derive(Debug, Clone)]
pub struct SettingsDetail {
    /// The office.
    pub office: OfficeCode,
    /// Raised by each change; 0 where it never said.
    pub version: i64,
    /// What it has settled.
    pub settings: OfficeSettings,
    /// Whether its responses need approval today.
    pub approval: Approval,
    /// What the caller may do with it.
    pub actions: Vec<&'static str>,
}

impl Work<'_> {
    /// What an office has settled for itself.
    ///
    /// # Errors
    /// Hidden when no contact point and not the Commission has this code; another office, no role in one's own.
    pub fn office_settings(&mut self, office: &OfficeCode) -> Result<SettingsDetail, Error> {
        self.must_answer(office)?;
        self.may(Action::ReadSettings, Subject::Office(office))?;
        let (version, settings) = office_settings::find(self.conn, office)?.unwrap_or_default();
        self.settings_detail(office, version, settings)
    }

    /// Changes what an office has settled for itself.
    ///
    /// # Errors
    /// Stale; as [`Work::office_settings`], and not a coordinator.
    pub fn change_office_settings(
        &mut self,
        office: &OfficeCode,
        expected: i64,
        settings: OfficeSettings,
    ) -> Result<SettingsDetail, Error> {
        self.must_answer(office)?;
        self.may(Action::ManageSettings, Subject::Office(office))?;
        let version = office_settings::find(self.conn, office)?.map_or(0, |(version, _)| version);
        must_be_version(version, expected)?;
        office_settings::put(self.conn, office, version + 1, &settings)?;
        let facts = json!({"approval": settings.approval, "secondFactor": settings.second_factor});
        self.record("office.settings_changed", format!("office/{office}"), facts)?;
        self.settings_detail(office, version + 1, settings)
    }

    /// The service provider answers nothing, so it has nothing to settle.
    fn must_answer(&mut self, office: &OfficeCode) -> Result<(), Error> {
        let offices = offices::all(self.conn)?;
        match offices.get(office) {
            Some(office) if office.kind != OfficeKind::ServiceProvider => Ok(()),
            _ => Err(Refusal::Hidden.into()),
        }
    }

    fn settings_detail(
        &mut self,
        office: &OfficeCode,
        version: i64,
        settings: OfficeSettings,
    ) -> Result<SettingsDetail, Error> {
        let change = self.allows(Action::ManageSettings, Subject::Office(office));
        Ok(SettingsDetail {
            office: office.clone(),
            version,
            settings,
            approval: self.approval_with(office, settings)?,
            actions: if change { vec!["change"] } else { Vec::new() },
        })
    }

    /// Whether responses of an office need approval today.
    pub(crate) fn approval(&mut self, office: &OfficeCode) -> Result<Approval, Error> {
        let settings = office_settings::find(self.conn, office)?.unwrap_or_default().1;
        self.approval_with(office, settings)
    }

    /// Whether responses of an office with these settings need approval today; nobody is counted where it makes no
    /// difference.
    pub(crate) fn approval_with(&mut self, office: &OfficeCode, settings: OfficeSettings) -> Result<Approval, Error> {
        if !settings.approval {
            return Ok(Approval::Off);
        }
        let users = users::of_office(self.conn, office)?;
        Ok(Approval::of(
            settings,
            active_coordinators(&users, self.today()).count(),
        ))
    }

    /// Asks for approval of the draft as it stands; the functional mailbox and the other coordinators of the office are told
    /// at once.
    ///
    /// # Errors
    /// Stale, no draft, incomplete (all faults at once), declined, approval not needed, asked for already, not addressed,
    /// withdrawn, not an expert or coordinator of the office.
    pub fn ask_for_approval(
        &mut self,
        reference: &QueryRef,
        office: &OfficeCode,
        expected: i64,
    ) -> Result<ResponseDetail, Error> {
        let (query, response) = self.response_to_change(reference, office, Action::DraftResponse)?;
        let mut response = response.ok_or_else(no_draft)?;
        must_be_version(response.version, expected)?;
        query.accepts_responses(office, self.now)?;
        let rule = self.approval(office)?;
        response.ask_for_approval(rule, self.caller.user(), self.now)?;
        let answers = self.draft_answers(response.id)?;
        check_complete(&query.questions, &answers)?;
        self.keep_response(&mut response)?;
        self.record("response.approval_asked", subject(&query, office), json!({}))?;
        self.tell_who_approves(&query, office)?;
        self.response_detail(query, response)
    }

    /// The functional mailbox, and the coordinators who are there: who stands in for one that is away approves as a
    /// coordinator, and is told as one.
    fn tell_who_approves(&mut self, query: &Query, office: &OfficeCode) -> Result<(), Error> {
        let today = self.today();
        let users: Vec<User> = notifications::of_users(self.conn, Some(std::slice::from_ref(office)))?
            .into_iter()
            .filter(|(_, wishes)| !wishes.is_absent(today))
            .map(|(user, _)| user)
            .collect();
        let asking = self.caller.user();
        let others = active_coordinators(&users, today).filter(|user| Some(user.id) != asking);
        let note = Note::ApprovalAsked { query: query.id };
        self.tell_inside(office, others.map(|user| user.id), &note)
    }
}
