//! Which reminders a year has to bring, worked out without the exchange: its own calendar, its own clock of Brussels, its
//! own count of days, from the words of the rule alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

/// The working days of the exchange, from the file that it is given.
pub(crate) struct Year {
    holidays: BTreeSet<NaiveDate>,
}

impl Year {
    pub(crate) fn read() -> Self {
        let file = include_str!("../../../../data/holidays.csv");
        let holidays = file
            .lines()
            .filter_map(|line| line.strip_prefix("COM,")?.get(..10)?.parse().ok())
            .collect();
        Self { holidays }
    }

    pub(crate) fn works(&self, day: NaiveDate) -> bool {
        day.weekday() != Weekday::Sat && day.weekday() != Weekday::Sun && !self.holidays.contains(&day)
    }

    /// The day so many working days later.
    pub(crate) fn later(&self, day: NaiveDate, count: u64) -> NaiveDate {
        let ahead = (1..).map(|days| day + Days::new(days)).filter(|day| self.works(*day));
        ahead.take(usize::try_from(count).unwrap_or(0)).last().unwrap_or(day)
    }

    fn earlier(&self, day: NaiveDate, count: usize) -> NaiveDate {
        let back = (1..).map(|days| day - Days::new(days)).filter(|day| self.works(*day));
        back.take(count).last().unwrap_or(day)
    }

    /// How many working days lie after the one day, up to the other.
    fn between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        let days = from.iter_days().skip(1).take_while(|day| *day <= to);
        days.filter(|day| self.works(*day)).count()
    }

    /// The seven days on which an office is reminded, from first to last.
    fn days(&self, deadline: NaiveDate) -> [NaiveDate; 7] {
        let after = self.later(deadline, 1);
        let week = |count: u64| {
            let mut day = after + Days::new(7 * count);
            while !self.works(day) {
                day = day.succ_opt().expect("a day");
            }
            day
        };
        [
            self.earlier(deadline, 5),
            self.earlier(deadline, 1),
            after,
            week(1),
            week(2),
            week(3),
            week(4),
        ]
    }

    /// What a reminder says of a deadline on a day.
    fn said(&self, deadline: NaiveDate, today: NaiveDate) -> String {
        let (count, word) = if today > deadline {
            (self.between(deadline, today), "overdue")
        } else {
            (self.between(today, deadline), "left")
        };
        match count {
            0 => "due today".to_owned(),
            1 => format!("1 working day {word}"),
            count => format!("{count} working days {word}"),
        }
    }
}

/// An instant by the clocks of Brussels, which are an hour ahead of UTC, in summer two: from the last Sunday of March to
/// the last Sunday of October, both in the night.
pub(crate) fn brussels(day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let last_sunday = |month: u32| {
        let last = NaiveDate::from_ymd_opt(day.year(), month, 31).expect("a month of 31 days");
        last - Days::new(u64::from(last.weekday().num_days_from_sunday()))
    };
    let summer = last_sunday(3) <= day && day < last_sunday(10);
    let ahead = if summer { 2 } else { 1 };
    (day.and_time(time) - TimeDelta::hours(ahead)).and_utc()
}

/// An office that owes an answer.
#[derive(Debug, Clone)]
struct Owing {
    told: NaiveDate,
    agreed: Option<(NaiveDate, NaiveDate)>,
    answered: bool,
}

/// A query as the model knows it.
pub(crate) struct Asked {
    told: NaiveDate,
    pub(crate) deadline: NaiveDate,
    pub(crate) over: bool,
    offices: BTreeMap<String, Owing>,
}

/// A reminder: of which query, to which office, and what it says.
pub(crate) type Due = (String, String, String);

/// All that the exchange was told.
pub(crate) struct Model {
    pub(crate) year: Year,
    pub(crate) queries: BTreeMap<String, Asked>,
    /// The reminders that were looked at: of which query, to which office, of which deadline, the how manieth.
    looked_at: BTreeSet<(String, String, NaiveDate, usize)>,
    /// Those that were written and have not left.
    written: Vec<(String, String, NaiveDate)>,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            year: Year::read(),
            queries: BTreeMap::new(),
            looked_at: BTreeSet::new(),
            written: Vec::new(),
        }
    }

    pub(crate) fn launched(&mut self, number: &str, today: NaiveDate, deadline: NaiveDate, expected: Vec<String>) {
        let owing = Owing {
            told: today,
            agreed: None,
            answered: false,
        };
        let query = Asked {
            told: today,
            deadline,
            over: false,
            offices: expected.into_iter().map(|office| (office, owing.clone())).collect(),
        };
        self.queries.insert(number.to_owned(), query);
    }

    pub(crate) fn extended(&mut self, number: &str, today: NaiveDate, deadline: NaiveDate) {
        let query = self.query(number);
        query.told = today;
        query.deadline = deadline;
    }

    pub(crate) fn agreed(&mut self, number: &str, office: &str, today: NaiveDate, date: NaiveDate) {
        self.owing(number, office).agreed = Some((date, today));
    }

    /// Whether an office has said all it is going to.
    pub(crate) fn answered(&mut self, number: &str, office: &str, all: bool) {
        self.owing(number, office).answered = all;
    }

    /// Withdrawn or closed early: nobody is reminded any more.
    pub(crate) fn over(&mut self, number: &str) {
        self.query(number).over = true;
    }

    /// Offices that owe an answer to a query.
    pub(crate) fn owe(&self, number: &str) -> Vec<String> {
        let offices = self.queries[number].offices.iter();
        let owing = offices.filter(|(_, owing)| !owing.answered);
        owing.map(|(office, _)| office.clone()).collect()
    }

    /// Offices that have answered it.
    pub(crate) fn have_answered(&self, number: &str) -> Vec<String> {
        let offices = self.queries[number].offices.iter();
        let done = offices.filter(|(_, owing)| owing.answered);
        done.map(|(office, _)| office.clone()).collect()
    }

    fn query(&mut self, number: &str) -> &mut Asked {
        self.queries.get_mut(number).expect("a query of the model")
    }

    fn owing(&mut self, number: &str, office: &str) -> &mut Owing {
        let query = self.query(number);
        query
            .offices
            .get_mut(office)
            .expect("an office that is expected to answer")
    }

    /// The worker looks for reminders on a working day from eight in the morning.
    pub(crate) fn look(&mut self, today: NaiveDate) {
        for (number, query) in self.queries.iter().filter(|(_, query)| !query.over) {
            for (office, owing) in &query.offices {
                let (told, deadline) = query.clock_of(owing);
                let first = self.year.later(told, 1);
                let days = self.year.days(deadline);
                let due: Vec<usize> = (0..7)
                    .filter(|step| first <= days[*step] && days[*step] <= today)
                    .collect();
                // After an outage the last one stands for those before it; one before a deadline that passed says nothing.
                if due.last().is_none_or(|last| *last < 2 && today > deadline) {
                    continue;
                }
                let new = due.into_iter().filter(|step| {
                    let key = (number.clone(), office.clone(), deadline, *step);
                    self.looked_at.insert(key)
                });
                if new.count() > 0 && !owing.answered {
                    self.written.push((number.clone(), office.clone(), deadline));
                }
            }
        }
    }

    /// What leaves when the worker delivers on a day: what was written and still holds.
    pub(crate) fn leave(&mut self, today: NaiveDate) -> Vec<Due> {
        let written = std::mem::take(&mut self.written);
        let holds = written.into_iter().filter(|(number, office, deadline)| {
            let query = &self.queries[number];
            let owing = &query.offices[office];
            !query.over && !owing.answered && query.clock_of(owing).1 == *deadline
        });
        holds
            .map(|(number, office, deadline)| (number, office, self.year.said(deadline, today)))
            .collect()
    }
}

impl Asked {
    /// When an office was told of its deadline, and which that is.
    fn clock_of(&self, owing: &Owing) -> (NaiveDate, NaiveDate) {
        match owing.agreed {
            Some((date, told)) if date > self.deadline => (told.max(owing.told), date),
            _ => (self.told.max(owing.told), self.deadline),
        }
    }
}
