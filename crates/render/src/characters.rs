//! Characters that a format cannot hold, shown by others: no text makes a document fail, and nothing vanishes unseen.

/// What stands where nothing better is known.
const SUBSTITUTE: char = '\u{fffd}';
/// How many characters may stand without a place to break the line: as many as a SHA-256 with marks beside it.
const LONGEST_WORD: usize = 66;
/// A place where a line may break, which shows nothing.
const BREAK: char = '\u{200b}';

/// The text in characters that XML 1.0 allows, with the symbols that Word pastes from its private area as plain ones.
/// Byte order marks, which show nothing, go.
pub(crate) fn for_xml(text: &str) -> String {
    text.chars()
        .filter(|letter| *letter != '\u{feff}')
        .map(|letter| match letter {
            '\t' | '\n' => letter,
            // What C0 and C1 hold, and what Unicode says will never be a character.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => SUBSTITUTE,
            _ => symbol(letter),
        })
        .collect()
}

/// The text in characters that fonts can draw, `drawn` telling which. A Georgian capital is drawn as its small letter, and
/// a line may break within a very long word.
pub(crate) fn for_fonts(text: &str, drawn: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut unbroken = 0;
    for letter in for_xml(text).chars().filter(|letter| !is_joiner(*letter)) {
        let letter = match letter {
            '\u{1c90}'..='\u{1cbf}' => letter.to_lowercase().next().unwrap_or(letter),
            _ => letter,
        };
        unbroken = if letter.is_whitespace() { 0 } else { unbroken + 1 };
        if unbroken > LONGEST_WORD {
            shown.push(BREAK);
            unbroken = 1;
        }
        let known = letter.is_ascii() || letter == '\u{a0}' || drawn(letter);
        shown.push(if known { letter } else { SUBSTITUTE });
    }
    shown
}

/// What joins or varies the characters beside it and shows nothing itself.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e007f}')
}

/// A symbol of the fonts Symbol and Wingdings as Word pastes it, as the character that looks like it.
fn symbol(letter: char) -> char {
    match letter {
        '\u{f0b7}' | '\u{f06c}' | '\u{f09f}' => '\u{2022}',
        '\u{f0a7}' | '\u{f06e}' => '\u{25aa}',
        '\u{f0d8}' | '\u{f0e8}' | '\u{f0f0}' | '\u{f0e0}' | '\u{f0ae}' => '\u{2192}',
        '\u{f0fc}' | '\u{f0d6}' => '\u{2713}',
        '\u{f0fb}' => '\u{2717}',
        '\u{f02d}' => '\u{2013}',
        '\u{f0b3}' => '\u{2265}',
        '\u{f0a3}' => '\u{2264}',
        '\u{f0b1}' => '\u{00b1}',
        '\u{f0b4}' => '\u{00d7}',
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}' => SUBSTITUTE,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_xml_holds_is_shown_by_a_substitute() {
        for (given, shown) in [
            ("a\u{0}b\u{7}c\u{85}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("\u{feff}one\ttwo\nthree", "one\ttwo\nthree"),
            ("\u{f0b7} one \u{e123}", "\u{2022} one \u{fffd}"),
            ("\u{fffe}\u{10ffff}", "\u{fffd}\u{10ffff}"),
            (
                "Ελλάδα, България, საქართველო, Հայաստան, 中文, 🙂",
                "Ελλάδα, България, საქართველო, Հայաստան, 中文, 🙂",
            ),
        ] {
            assert_eq!(for_xml(given), shown);
        }
    }

    #[test]
    fn a_line_may_break_in_a_very_long_word_but_not_in_a_hash() {
        let drawn = |text: &str| for_fonts(text, |_| true);
        let hash = format!("(SHA-256 {}),", "0f".repeat(32));
        assert_eq!(drawn(&hash), hash);
        let long = "a".repeat(100);
        assert_eq!(drawn(&long), format!("{}\u{200b}{}", "a".repeat(66), "a".repeat(34)));
    }
}
