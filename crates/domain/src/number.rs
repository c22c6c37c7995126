//! Numbers of queries: `2026.81`, given at launch, unique and without gaps inside a Brussels year.

use std::fmt;
use std::str::FromStr;

use chrono::Datelike;

use crate::clock::{Instant, brussels_date};

/// The number of a launched query: `2026.81`. The sequence starts again each Brussels year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryNumber {
    /// The Brussels year of the launch.
    pub year: i32,
    /// Its place in that year, from 1 on.
    pub sequence: i32,
}

impl QueryNumber {
    /// The number after the highest of the launch's Brussels year; no gaps from there on.
    pub fn next(launch: Instant, highest_of_year: Option<i32>) -> Self {
        Self {
            year: brussels_date(launch).year(),
            sequence: highest_of_year.unwrap_or(0).saturating_add(1),
        }
    }
}

impl fmt::Display for QueryNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.sequence)
    }
}

impl FromStr for QueryNumber {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, sequence) = text.split_once('.').ok_or(())?;
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.starts_with('0');
        if year.len() != 4 || sequence.len() > 6 || !plain(year) || !plain(sequence) {
            return Err(());
        }
        Ok(Self {
            year: year.parse().map_err(|_| ())?,
            sequence: sequence.parse().map_err(|_| ())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_they_are_printed() {
        let number: QueryNumber = "2026.81".parse().unwrap();
        assert_eq!((number.year, number.sequence), (2026, 81));
        for bad in [
            "2026",
            "2026.0",
            "2026.01",
            "26.1",
            "2026.1.2",
            "2026.-1",
            "a.b",
            "2026.9999999",
        ] {
            assert!(bad.parse::<QueryNumber>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_year_of_a_number_is_that_of_brussels() {
        let launch = "2026-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(QueryNumber::next(launch, None).to_string(), "2027.1");
    }

    proptest! {
        #[test]
        fn numbers_round_trip_and_have_no_gaps(highest in 0i32..500_000) {
            let launch = "2026-06-01T10:00:00Z".parse().unwrap();
            let number = QueryNumber::next(launch, Some(highest));
            prop_assert_eq!(number.sequence, highest + 1);
            prop_assert_eq!(number.to_string().parse(), Ok(number));
        }
    }
}
