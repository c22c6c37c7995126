//! The model of responses: drafts, versions, lateness and circles.

use chrono::Months;

use crate::calendar::Instant;
use crate::query::{Model, Refusals, Twist};
use crate::step::{Caller, Circle, Office, QUESTIONS, Role, Says, Sent, What};

/// An answer with its circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) says: Says,
    pub(crate) circle: Circle,
}

/// The answers to the three questions.
pub(crate) type Answers = [Option<Answer>; 3];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    Drafting,
    Submitted,
    Declined,
}

impl Position {
    pub(crate) fn is_released(self) -> bool {
        self != Self::Drafting
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Drafting => "drafting",
            Self::Submitted => "submitted",
            Self::Declined => "declined",
        }
    }
}

/// The response of an office.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) draft: Answers,
    /// As they were submitted.
    pub(crate) versions: Vec<Answers>,
    pub(crate) position: Position,
    pub(crate) first_submitted: Option<Instant>,
    pub(crate) late: bool,
    /// The present circle of each answer that was submitted.
    pub(crate) circles: [Option<Circle>; 3],
}

impl Response {
    fn new() -> Self {
        Self {
            draft: [None; 3],
            versions: Vec::new(),
            position: Position::Drafting,
            first_submitted: None,
            late: false,
            circles: [None; 3],
        }
    }

    /// The answers in force, each in its present circle.
    pub(crate) fn submitted(&self) -> Option<Answers> {
        let last = self.versions.last().filter(|_| self.position == Position::Submitted)?;
        let mut answers = *last;
        for (answer, circle) in answers.iter_mut().zip(self.circles) {
            if let (Some(answer), Some(circle)) = (answer, circle) {
                answer.circle = circle;
            }
        }
        Some(answers)
    }

    /// A version, each answer in the narrower of its own and its present circle.
    pub(crate) fn version(&self, index: usize) -> Answers {
        let mut answers = self.versions[index];
        for (answer, circle) in answers.iter_mut().zip(self.circles) {
            if let (Some(answer), Some(circle)) = (answer, circle) {
                answer.circle = answer.circle.min(circle);
            }
        }
        answers
    }
}

/// Whether the second question is asked.
fn is_asked(answers: &Answers) -> bool {
    answers[0].is_some_and(|first| first.says == Says::Yes)
}

/// The circle in which each row may be read: the second question's is never wider than the first's.
pub(crate) fn row_circles(answers: &Answers) -> [Circle; 3] {
    let own = answers.map(|answer| answer.map_or(Circle::Public, |answer| answer.circle));
    [own[0], own[1].min(own[0]), own[2]]
}

/// What a reader of a circle sees of each question, in words.
pub(crate) fn rows(answers: &Answers, reader: Circle) -> Vec<String> {
    let circles = row_circles(answers);
    (0..3)
        .map(|index| {
            let asked = index != 1 || is_asked(answers);
            let name = QUESTIONS[index];
            match answers[index] {
                _ if circles[index] < reader => format!("{name} restricted No"),
                Some(answer) => {
                    let wider = if circles[index] == Circle::Public { "Yes" } else { "No" };
                    format!("{name} answer {} {} {wider}", said(answer.says), circles[index].word())
                }
                None if asked => format!("{name} none Yes"),
                None => format!("{name} skipped Yes"),
            }
        })
        .collect()
}

/// An answer in words.
pub(crate) fn said(says: Says) -> String {
    match says {
        Says::Yes => "yes".to_owned(),
        Says::No => "no".to_owned(),
        Says::ToFollow => "to_follow".to_owned(),
        Says::Text(number) => format!("Text {number}."),
    }
}

/// Every required question that is asked needs an answer, and one that is not asked has none.
fn completeness_faults(answers: &Answers) -> Refusals {
    let mut faults = Vec::new();
    if answers[0].is_none() || is_asked(answers) && answers[1].is_none() {
        faults.push("missing_answer");
    }
    if !is_asked(answers) && answers[1].is_some() {
        faults.push("not_asked");
    }
    faults
}

impl Model<'_> {
    /// Whether a caller may take a step with the response of an office.
    pub(crate) fn may_respond(&self, by: Caller, office: Office, what: &What) -> Result<(), &'static str> {
        self.sees(by)?;
        if by.office() != Some(office) || office == Office::Uk {
            return Err("other_office");
        }
        let drafts = matches!(
            what,
            What::SaveDraft(..) | What::SaveAnswer(..) | What::RemoveAnswer(..)
        );
        self.needs(by, if drafts { Role::Expert } else { Role::Coordinator })
    }

    /// Why the query takes nothing more from an office.
    pub(crate) fn takes_responses(&self, office: Office) -> Refusals {
        let Some(launched) = &self.launched else {
            return vec!["not_open"];
        };
        let mut refusals = Vec::new();
        if launched.withdrawn {
            refusals.push("withdrawn");
        }
        if office != self.lead && !launched.addressees.contains(&office) {
            refusals.push("not_addressed");
        }
        if launched
            .last_made
            .is_some_and(|made| self.now >= made + Months::new(12))
        {
            refusals.push("closed_for_good");
        }
        refusals
    }

    /// What stands in the way of a step with a response, whoever takes it.
    pub(crate) fn response_refuses(&self, office: Office, what: &What) -> Refusals {
        let response = self.responses.get(&office);
        let position = response.map_or(Position::Drafting, |response| response.position);
        let mut refusals = self.takes_responses(office);
        let declined = position == Position::Declined;
        match what {
            What::SaveDraft(..) | What::SaveAnswer(..) if declined => refusals.push("declined"),
            What::SaveDraft(..) | What::SaveAnswer(..) => {}
            What::RemoveAnswer(_, question) => {
                if declined {
                    refusals.push("declined");
                }
                match response {
                    None => return vec!["not_found"],
                    Some(response) if response.draft[*question].is_none() => refusals.push("not_found"),
                    Some(_) => {}
                }
            }
            What::Submit(_) => {
                if declined {
                    refusals.push("declined");
                }
                match response {
                    None => refusals.push("no_draft"),
                    Some(response) => refusals.extend(completeness_faults(&response.draft)),
                }
            }
            What::Retract(_) | What::ChangeCircles(..) => return self.submitted_refuses(response, what),
            What::Decline(_) => match position {
                Position::Drafting => {}
                Position::Submitted => refusals.push("already_submitted"),
                Position::Declined => refusals.push("already_declined"),
            },
            What::Resume(_) => match response {
                None => return vec!["not_found"],
                Some(_) if declined => {}
                Some(_) => refusals.push("not_declined"),
            },
            _ => {}
        }
        refusals
    }

    fn submitted_refuses(&self, response: Option<&Response>, what: &What) -> Refusals {
        let Some(response) = response else {
            return vec!["not_found"];
        };
        match what {
            What::Retract(_) if response.position != Position::Submitted => vec!["not_submitted"],
            What::ChangeCircles(..) if response.versions.is_empty() => vec!["not_submitted"],
            What::ChangeCircles(_, _, Some(question)) if response.circles[*question].is_none() => {
                vec!["unknown_question"]
            }
            _ => vec![],
        }
    }

    fn resolved(&self, sent: Sent) -> Answer {
        Answer {
            says: sent.says,
            circle: sent.circle.unwrap_or(self.wish.default_circle),
        }
    }

    fn response_mut(&mut self, office: Office) -> &mut Response {
        self.responses.entry(office).or_insert_with(Response::new)
    }

    /// Takes a step with a response.
    pub(crate) fn respond(&mut self, what: &What) {
        match what {
            What::SaveDraft(office, sent) => {
                let draft = sent.map(|sent| sent.map(|sent| self.resolved(sent)));
                self.response_mut(*office).draft = draft;
            }
            What::SaveAnswer(office, question, sent) => {
                let answer = self.resolved(*sent);
                self.response_mut(*office).draft[*question] = Some(answer);
            }
            What::RemoveAnswer(office, question) => self.response_mut(*office).draft[*question] = None,
            What::Submit(office) => self.submit(*office),
            What::Retract(office) | What::Resume(office) => self.response_mut(*office).position = Position::Drafting,
            What::Decline(office) => self.response_mut(*office).position = Position::Declined,
            What::ChangeCircles(office, circle, question) => self.change_circles(*office, *circle, *question),
            _ => {}
        }
    }

    fn submit(&mut self, office: Office) {
        let (now, past) = (self.now, self.is_past_deadline(self.now));
        let twisted = self.twist == Twist::AmendmentIsLate;
        let response = self.response_mut(office);
        if response.first_submitted.is_none() {
            response.first_submitted = Some(now);
            response.late = past;
        } else if twisted {
            response.late = past;
        }
        let answers = response.draft;
        response.versions.push(answers);
        response.position = Position::Submitted;
        let circles = answers.map(|answer| answer.map(|answer| answer.circle));
        let before = std::mem::replace(&mut response.circles, circles);
        self.narrow(office, narrowed(before, circles));
    }

    /// Late is first submitted after the latest date granted.
    pub(crate) fn count_late_anew(&mut self) {
        let late: Vec<Office> = self
            .responses
            .iter()
            .filter(|(_, response)| {
                response
                    .first_submitted
                    .is_some_and(|first| self.is_past_deadline(first))
            })
            .map(|(office, _)| *office)
            .collect();
        for (office, response) in &mut self.responses {
            response.late = late.contains(office);
        }
    }

    fn change_circles(&mut self, office: Office, circle: Circle, question: Option<usize>) {
        let response = self.response_mut(office);
        let before = response.circles;
        for index in (0..3).filter(|index| question.is_none_or(|question| question == *index)) {
            if response.circles[index].is_none() {
                continue;
            }
            response.circles[index] = Some(circle);
            // The draft keeps step, or the next version would undo the change by oversight.
            if let Some(answer) = &mut response.draft[index] {
                answer.circle = circle;
            }
        }
        let now = response.circles;
        if self.twist != Twist::NarrowingWaits {
            self.narrow(office, narrowed(before, now));
        }
    }
}

/// The circles that are narrower than before.
fn narrowed(before: [Option<Circle>; 3], now: [Option<Circle>; 3]) -> [Option<Circle>; 3] {
    std::array::from_fn(|index| now[index].filter(|now| before[index].is_some_and(|before| *now < before)))
}
