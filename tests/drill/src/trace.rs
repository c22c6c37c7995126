//! What strace wrote: which change was written when, which sync came after it, and when its reply left.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use ahq_harness::Database;

/// The order of what matters, by the lines of the trace.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// From when on a change waits for its sync: on SQLite its write to the log has ended, on PostgreSQL its COMMIT has
    /// come in; the log is written after that.
    written: HashMap<String, usize>,
    /// When its reply began to leave.
    replied: HashMap<String, usize>,
    /// Begin and end of each sync of the log that went well.
    synced: Vec<(usize, usize)>,
}

/// A system call.
struct Call<'a> {
    name: &'a str,
    /// Its arguments and its result.
    text: &'a str,
    begin: usize,
    end: usize,
}

impl Trace {
    /// Reads the file strace wrote.
    ///
    /// # Panics
    /// When it cannot be read.
    pub(crate) fn read(file: &Path, database: Database) -> Self {
        let lines = BufReader::new(std::fs::File::open(file).expect("the trace")).lines();
        Self::of(lines.map(|line| line.expect("the trace is text")), database)
    }

    fn of(lines: impl Iterator<Item = String>, database: Database) -> Self {
        let mut trace = Self::default();
        // By process: a call that another one's line interrupted, and on PostgreSQL the marks of its open transaction.
        let mut unfinished: HashMap<String, (usize, String)> = HashMap::new();
        let mut open: HashMap<String, HashSet<String>> = HashMap::new();
        for (number, line) in lines.enumerate() {
            let Some((process, rest)) = line.split_once(' ') else {
                continue;
            };
            let rest = rest.trim_start();
            if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
                unfinished.insert(process.to_owned(), (number, begun.to_owned()));
                continue;
            }
            let resumed = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>"));
            let (begin, whole) = match resumed {
                Some((_, tail)) => match unfinished.remove(process) {
                    Some((begin, head)) => (begin, head + tail),
                    None => continue,
                },
                None => (number, rest.to_owned()),
            };
            let Some((name, text)) = whole.split_once('(') else {
                continue;
            };
            let call = Call {
                name,
                text,
                begin,
                end: number,
            };
            trace.note(&call);
            match database {
                Database::Sqlite => trace.note_file(&call),
                Database::Postgres => trace.note_server(&call, open.entry(process.to_owned()).or_default()),
            }
        }
        trace
    }

    /// What is the same on both databases.
    fn note(&mut self, call: &Call<'_>) {
        match call.name {
            "fsync" | "fdatasync" => {
                let of_log = call.text.contains("-wal>") || call.text.contains("/pg_wal/");
                if of_log && call.text.ends_with("= 0") {
                    self.synced.push((call.begin, call.end));
                }
            }
            "write" | "writev" | "sendto" | "sendmsg" if call.text.contains("HTTP/1.1 201") => {
                for mark in marks(call.text) {
                    self.replied.entry(mark).or_insert(call.begin);
                }
            }
            _ => {}
        }
    }

    fn note_file(&mut self, call: &Call<'_>) {
        let fd = call.text.split(',').next().unwrap_or_default();
        if call.name.starts_with("pwrite") && fd.ends_with("-wal>") {
            for mark in marks(call.text) {
                self.written.entry(mark).or_insert(call.end);
            }
        }
    }

    /// One process of the server works for one connection: what came in since its last COMMIT belongs to the next.
    fn note_server(&mut self, call: &Call<'_>, open: &mut HashSet<String>) {
        if call.name != "recvfrom" {
            return;
        }
        open.extend(marks(call.text));
        // As the client sends it: the server's own reply to it reads `C…COMMIT`.
        if call.text.contains(r"Q\0\0\0\vCOMMIT") {
            for mark in open.drain() {
                self.written.entry(mark).or_insert(call.end);
            }
        }
    }

    /// Whether a sync stands between the write of the change with this mark and its reply; none when the trace shows no
    /// write or no reply.
    pub(crate) fn is_synced(&self, mark: &str) -> Option<bool> {
        let written = *self.written.get(mark)?;
        let replied = *self.replied.get(mark)?;
        let between = |(begin, end): &(usize, usize)| written < *begin && *end < replied;
        Some(self.synced.iter().any(between))
    }

    /// How often the log was synced.
    pub(crate) fn syncs(&self) -> usize {
        self.synced.len()
    }
}

/// All marks in a text.
fn marks(text: &str) -> HashSet<String> {
    text.match_indices("mark-")
        .filter_map(|(begin, _)| {
            let rest = text.get(begin..)?;
            let end = rest.find("-end")? + 4;
            // Two marks side by side are never this long; a mark cut off at the end of a page would be.
            rest.get(..end).filter(|mark| mark.len() < 40).map(str::to_owned)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: &str = r#"7 pwrite64(9</d/ahq.db-wal>, "mark-1-1-end", 12, 0) = 12"#;
    const SYNC: &str = "7 fdatasync(9</d/ahq.db-wal>) = 0";
    const REPLY: &str =
        r#"8 writev(5<socket:[3]>, [{iov_base="HTTP/1.1 201 Created\r\n mark-1-1-end", iov_len=9}], 1) = 9"#;

    fn is_synced(lines: &[&str], database: Database) -> Option<bool> {
        Trace::of(lines.iter().map(|line| (*line).to_owned()), database).is_synced("mark-1-1-end")
    }

    #[test]
    fn a_sync_counts_from_after_the_write_until_before_the_reply() {
        let file = |lines: &[&str]| is_synced(lines, Database::Sqlite);
        let (begun, ended) = (
            "9 fdatasync(9</d/ahq.db-wal> <unfinished ...>",
            "9 <... fdatasync resumed>) = 0",
        );
        assert_eq!(file(&[WRITE, SYNC, REPLY]), Some(true));
        assert_eq!(file(&[WRITE, begun, ended, REPLY]), Some(true));
        assert_eq!(file(&[SYNC, WRITE, REPLY]), Some(false));
        assert_eq!(file(&[WRITE, REPLY, SYNC]), Some(false));
        assert_eq!(file(&[begun, WRITE, ended, REPLY]), Some(false));
        assert_eq!(file(&[WRITE, begun, REPLY, ended]), Some(false));
        assert_eq!(
            file(&[WRITE, "7 fdatasync(9</d/ahq.db-wal>) = -1 EIO (x)", REPLY]),
            Some(false)
        );
        assert_eq!(file(&[WRITE, "7 fdatasync(9</d/ahq.db>) = 0", REPLY]), Some(false));
        assert_eq!(file(&[WRITE, SYNC]), None);
        assert_eq!(file(&[SYNC, REPLY]), None);
    }

    #[test]
    fn on_a_server_the_sync_comes_after_the_commit() {
        let insert = r#"6 recvfrom(4<socket:[1]>, "B mark-1-1-end", 99, 0, NULL, NULL) = 14"#;
        let commit = r#"6 recvfrom(4<socket:[1]>, "Q\0\0\0\vCOMMIT\0", 99, 0, NULL, NULL) = 12"#;
        let sync = "6 fdatasync(3</p/pg_wal/01>) = 0";
        let server = |lines: &[&str]| is_synced(lines, Database::Postgres);
        assert_eq!(server(&[insert, commit, sync, REPLY]), Some(true));
        assert_eq!(server(&[insert, sync, commit, REPLY]), Some(false));
        assert_eq!(server(&[insert, commit, REPLY, sync]), Some(false));
        assert_eq!(server(&[insert, sync, REPLY]), None);
    }
}
