//! Passwords: how long, and none that everybody tries first.
//!
//! No rules of composition (NIST SP 800-63B, section 5.1.1.2). Nothing here hashes or keeps one.

use crate::refusal::Faults;

/// Fewest characters of a password that alone opens an account.
pub const SHORTEST: usize = 15;
/// Fewest characters of a password beside a second factor.
pub const SHORTEST_WITH_SECOND_FACTOR: usize = 8;
/// Most characters of a password.
pub const LONGEST: usize = 256;

/// The most common passwords of published leaks, in small letters and sorted; those of fewer than eight characters are
/// too short anyway.
const COMMON: &str = include_str!("password/common.txt");

/// Words of the exchange and of who uses it: a text of nothing else, whatever stands between, is no password.
const OF_THE_EXCHANGE: [&str; 26] = [
    "ad",
    "administrator",
    "adhoc",
    "ahq",
    "asylum",
    "commission",
    "contact",
    "coordinator",
    "emn",
    "europe",
    "european",
    "exchange",
    "expert",
    "hoc",
    "migration",
    "national",
    "ncp",
    "network",
    "office",
    "point",
    "queries",
    "query",
    "reader",
    "response",
    "union",
    "password",
];

/// Checks a new password for whoever has this name and address.
///
/// # Errors
/// `too_short`, `too_long`, `too_common` at `pointer`.
pub fn check(password: &str, second_factor: bool, names: &[&str], pointer: &str) -> Result<(), Faults> {
    let mut faults = Faults::new();
    let length = password.chars().count();
    let shortest = if second_factor {
        SHORTEST_WITH_SECOND_FACTOR
    } else {
        SHORTEST
    };
    if length < shortest {
        faults.add(
            pointer,
            "too_short",
            format!("at least {shortest} characters; a sentence is easy to remember"),
        );
    }
    if length > LONGEST {
        faults.add(pointer, "too_long", format!("at most {LONGEST} characters"));
    }
    if length >= shortest && is_guessed_first(password, names) {
        faults.add(
            pointer,
            "too_common",
            "this is among the first that are tried; a sentence of your own is easy to remember",
        );
    }
    faults.or(())
}

/// Whether a password is common, one short text again and again, or the name or address of its owner.
fn is_guessed_first(password: &str, names: &[&str]) -> bool {
    let folded: Vec<char> = password.trim().to_lowercase().chars().collect();
    let unit = shortest_repeated(&folded);
    let text: String = folded.iter().collect();
    (unit.len() < folded.len() && unit.len() <= SHORTEST_WITH_SECOND_FACTOR)
        || [text.as_str(), &unit.iter().collect::<String>()]
            .into_iter()
            .any(|text| is_common(text) || names.iter().any(|name| name.trim().to_lowercase() == text))
        || is_a_run(&folded)
        || is_of_the_exchange(&text)
}

/// Whether the letters of a text are words of the exchange, one after the other, as in `EMN-Network-2026!`.
fn is_of_the_exchange(text: &str) -> bool {
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    // Up to which bytes the letters are such words.
    let mut ends = vec![false; letters.len() + 1];
    ends[0] = true;
    for start in 0..letters.len() {
        let Some(rest) = letters.get(start..).filter(|_| ends[start]) else {
            continue;
        };
        for word in OF_THE_EXCHANGE.iter().filter(|word| rest.starts_with(**word)) {
            ends[start + word.len()] = true;
        }
    }
    !letters.is_empty() && ends[letters.len()]
}

fn is_common(text: &str) -> bool {
    let mut lines = COMMON.lines();
    lines.any(|common| common == text)
}

/// What a text repeats: `abc` for `abcabcab`; the whole text where it repeats nothing.
fn shortest_repeated(text: &[char]) -> &[char] {
    (1..=text.len() / 2)
        .find(|length| text.iter().zip(&text[*length..]).all(|(one, next)| one == next))
        .map_or(text, |length| &text[..length])
}

/// Whether each character follows the one before, as in `abcdefghijklmnop` or `9876543210`.
fn is_a_run(text: &[char]) -> bool {
    let steps = |step: i64| {
        text.windows(2)
            .all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == step)
    };
    steps(1) || steps(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str, second_factor: bool) -> Vec<&'static str> {
        let names = ["Anna Maria Muster", "anna.muster@example.org"];
        match check(password, second_factor, &names, "/password") {
            Ok(()) => Vec::new(),
            Err(faults) => faults.iter().map(|fault| fault.code).collect(),
        }
    }

    #[test]
    fn a_sentence_is_good_and_what_is_tried_first_is_not() {
        for (password, second_factor, expected) in [
            ("a sentence is easy to remember", false, None),
            ("fourteen chars", false, Some("too_short")),
            ("fourteen chars", true, None),
            ("seven77", true, Some("too_short")),
            ("Password1", true, Some("too_common")),
            ("iloveyou", true, Some("too_common")),
            ("passwordpassword", false, Some("too_common")),
            ("PASSWORDPASSWORDPASS", false, Some("too_common")),
            ("aaaaaaaaaaaaaaaaaaaa", false, Some("too_common")),
            ("123412341234123412", false, Some("too_common")),
            ("abcdefghijklmnopq", false, Some("too_common")),
            ("Anna.Muster@Example.org", false, Some("too_common")),
            ("anna maria muster", false, Some("too_common")),
            ("μια πρόταση θυμάται", false, None),
        ] {
            assert_eq!(codes(password, second_factor).first().copied(), expected, "{password}");
        }
        assert_eq!(codes(&"ab c".repeat(65), false).first(), Some(&"too_long"));
    }

    #[test]
    fn words_of_the_exchange_are_no_passwords() {
        for (password, common) in [
            ("European Migration Network", true),
            ("EMN-Network-2026!", true),
            ("emn.ncp.commission.1", true),
            ("adhocqueryexchange", true),
            ("networkofadhocqueries", false),
            ("my query about a cat", false),
            ("123 456 789 021 345", false),
            ("μετανάστευση στην Ευρώπη", false),
        ] {
            assert_eq!(codes(password, false) == ["too_common"], common, "{password}");
        }
    }

    #[test]
    fn the_list_is_in_small_letters_and_long_enough_to_matter() {
        assert!(COMMON.lines().count() > 3_000);
        for common in COMMON.lines() {
            assert!(common.chars().count() >= SHORTEST_WITH_SECOND_FACTOR, "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }
}
