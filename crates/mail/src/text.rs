//! Plain text as mail needs it: one line for headers, wrapped lines for bodies. It never touches HTML mark-up
//! beyond taking control characters out.

/// The longest line of a text body, in characters (RFC 5322 recommends 78 with the line's end).
const LINE: usize = 76;

/// The longest subject, in characters.
const SUBJECT: usize = 180;

/// `text` on one line: controls, line separators and marks that turn the writing direction become spaces, and runs
/// of spaces become one.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if breaks_a_line(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn breaks_a_line(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A subject: one line of at most 180 characters.
pub(crate) fn subject(text: &str) -> String {
    shortened(&one_line(text), SUBJECT)
}

/// `text`, or its beginning up to the end of a word and an ellipsis where it has more than `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    // A cut inside a very long word is better than losing most of the text to reach a space.
    let end = head.rfind(char::is_whitespace).filter(|end| *end > head.len() / 2);
    format!("{}…", head[..end.unwrap_or(head.len())].trim_end())
}

/// `text` with plain line ends and without control characters, which neither HTML nor a text body may carry.
pub(crate) fn without_controls(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// A text body: no line over 76 characters unless one word is longer, never two empty lines in a row, one line end
/// at the end. A link is one word and so is never broken.
pub(crate) fn body(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    let mut empty = true;
    for line in without_controls(text).lines().map(str::trim_end) {
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        wrap_into(&mut out, line);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn wrap_into(out: &mut String, line: &str) {
    if line.chars().count() <= LINE {
        out.push_str(line);
        out.push('\n');
        return;
    }
    let hanging = " ".repeat(hanging_indent(line));
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let mut width = indent.chars().count();
    let mut first_of_line = true;
    out.push_str(&indent);
    for word in line.split_whitespace() {
        let length = word.chars().count();
        if !first_of_line && width + 1 + length > LINE {
            out.push('\n');
            out.push_str(&hanging);
            width = hanging.len();
            first_of_line = true;
        }
        if !first_of_line {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
        first_of_line = false;
    }
    out.push('\n');
}

/// Where the further lines of a wrapped line begin, in characters: below the text of a list item.
fn hanging_indent(line: &str) -> usize {
    let rest = line.trim_start();
    let indent = line.chars().count() - rest.chars().count();
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    if rest.starts_with("- ") || rest.starts_with("* ") {
        indent + 2
    } else if (1..=2).contains(&digits) && rest[digits..].starts_with(". ") {
        indent + digits + 2
    } else {
        indent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_and_not_too_long() {
        assert_eq!(
            subject("a\r\nBcc: x@example.org\0\u{2028}b\t c"),
            "a Bcc: x@example.org b c"
        );
        assert_eq!(subject("\u{202e}gnp.exe"), "gnp.exe");
        let long = subject(&"residence permit ".repeat(20));
        assert!(long.chars().count() <= 180 && long.ends_with("permit…"), "{long}");
        assert_eq!(subject(&"é".repeat(181)).chars().count(), 180);
        assert_eq!(subject(&"é".repeat(180)), "é".repeat(180));
    }

    #[test]
    fn lists_hang_and_links_stay_whole() {
        let words = "word ".repeat(20);
        let link = format!("https://ahq.example.org/{}", "x".repeat(90));
        let wrapped = body(&format!("12. {words}\r\n- {words}\n\n\n\n{link}\n\u{7}\n"));
        for line in wrapped.lines().filter(|line| *line != link) {
            assert!(line.chars().count() <= LINE, "{line}");
        }
        let lines: Vec<&str> = wrapped.lines().collect();
        assert!(lines[1].starts_with("    word"), "{wrapped}");
        assert!(lines[3].starts_with("  word"), "{wrapped}");
        assert_eq!(lines[4..], ["", link.as_str()]);
    }
}
