//! R10: backed up while eight writers write, and restored into a fresh place, all of it is of one moment.
//!
//! Each write is a draft query. Its title holds its writer, its number and how far every writer had been told it was when
//! it was sent. A copy of one moment holds each writer's numbers from the first without a gap, and with a write all that
//! it knew of. Everything acknowledged before the backup began is in it, nothing sent after it ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ahq_harness::goal::{Goal, say};
use ahq_harness::installation::Installation;
use ahq_harness::{Client, PASSWORD};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::Order;
use crate::scene::{Scene, draft, wait_until};

/// How many write at once.
const WRITERS: usize = 8;
/// How many backups are made, and after how many the next begin on a fresh database.
const BACKUPS: usize = 100;
const BACKUPS_SHORT: usize = 10;
const BACKUPS_A_SCENE: usize = 10;
/// How many writes each writer has behind it in a round before its backup begins.
const HEAD_START: usize = 3;
/// How long they may take for that.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far each writer is.
#[derive(Default)]
struct Journal {
    sent: [AtomicUsize; WRITERS],
    acknowledged: [AtomicUsize; WRITERS],
}

impl Journal {
    fn sent(&self) -> [usize; WRITERS] {
        self.sent.each_ref().map(|number| number.load(Ordering::SeqCst))
    }

    fn acknowledged(&self) -> [usize; WRITERS] {
        self.acknowledged.each_ref().map(|number| number.load(Ordering::SeqCst))
    }
}

/// What a backup is held against.
struct Bounds {
    /// Acknowledged before it began.
    least: [usize; WRITERS],
    /// Sent before it ended.
    most: [usize; WRITERS],
}

/// Runs the drill.
pub(crate) async fn run(order: &Order) -> Vec<Goal> {
    let wanted = if order.short { BACKUPS_SHORT } else { BACKUPS };
    let (mut made, mut valid, mut meanwhile) = (0, 0, 0);
    while made < wanted && !order.is_decided(made - valid) {
        let Some(scene) = Scene::set(order, &["LU"]).await else {
            return Vec::new();
        };
        let journal = Arc::new(Journal::default());
        for _ in 0..BACKUPS_A_SCENE.min(wanted - made) {
            match round(order, &scene, &journal, made, &mut meanwhile).await {
                Ok(()) => {
                    valid += 1;
                    say(format!("  backup {}: valid", made + 1));
                }
                Err(fault) => say(format!("  backup {}: {fault}", made + 1)),
            }
            made += 1;
        }
        say(format!(
            "  {made} backups, {valid} of them valid; {meanwhile} writes acknowledged while they were made"
        ));
    }
    // Backups that nobody wrote beside would show nothing.
    let pass = valid == wanted && meanwhile >= wanted;
    vec![Goal::new(order.goal("R10"), valid, wanted, pass)]
}

/// One backup under load, and what was restored from it.
async fn round(
    order: &Order,
    scene: &Scene,
    journal: &Arc<Journal>,
    number: usize,
    meanwhile: &mut usize,
) -> Result<(), String> {
    // Its session is in the backup, and with the backup's keys its token is good there too.
    let (token, lead) = sign_in(&scene.installation).await;
    let stop = Arc::new(AtomicBool::new(false));
    let begun = journal.acknowledged();
    let writers: Vec<JoinHandle<()>> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(writer, lead.clone(), Arc::clone(journal), Arc::clone(&stop))))
        .collect();
    let warm = wait_until(PATIENCE, || {
        let now = journal.acknowledged();
        (0..WRITERS).all(|writer| now[writer] >= begun[writer] + HEAD_START)
    });
    assert!(warm.await, "the writers do not get on: {}", scene.installation.log());

    let into = scene.installation.folder().join(format!("backups-{number}"));
    let least = journal.acknowledged();
    let ended = command(&scene.installation, &["backup", &into.display().to_string()]).await;
    let bounds = Bounds {
        least,
        most: journal.sent(),
    };
    let last = journal.acknowledged();
    *meanwhile += last.iter().sum::<usize>() - least.iter().sum::<usize>();
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.map_err(|error| error.to_string())?;
    }
    ended?;

    let fresh = Installation::empty(order.database, order.subject.clone())
        .ok_or("no database to restore to")?
        .with("AHQ_SERVER__PUBLIC_ADDRESS", scene.installation.base());
    command(&fresh, &["restore", &only_folder(&into)?.display().to_string()]).await?;
    let mut process = fresh.start(&["serve", "--no-worker"]);
    if process.ready().await.is_none() {
        return Err(format!("the program is not ready on it: {}", fresh.log()));
    }
    let titles = titles(&Client::new(fresh.base()).with_token(&token)).await?;
    check(&titles, &bounds)
}

/// Signs in the coordinator; gives the token, and a caller with it.
async fn sign_in(installation: &Installation) -> (String, Client) {
    let public = Client::new(installation.base());
    let body = json!({"email": "coordinator.lu@example.org", "password": PASSWORD});
    let tokens = public.post("/session", &body).await.expect(201);
    let token = tokens.json["accessToken"].as_str().expect("a token").to_owned();
    let lead = public.with_token(&token);
    (token, lead)
}

/// Writes one draft after the other until told to stop.
async fn write(writer: usize, lead: Client, journal: Arc<Journal>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let known = journal.acknowledged().map(|number| number.to_string()).join(",");
        let number = journal.sent[writer].fetch_add(1, Ordering::SeqCst) + 1;
        let title = format!("Write {writer} {number} {known}");
        lead.post("/queries", &draft(&title)).await.expect(201);
        journal.acknowledged[writer].store(number, Ordering::SeqCst);
    }
}

/// Runs the program with these arguments to its end, which has to be a good one.
async fn command(installation: &Installation, arguments: &[&str]) -> Result<(), String> {
    let mut command = installation.command(arguments);
    let ended = tokio::task::spawn_blocking(move || command.status()).await;
    let status = ended.map_err(|error| error.to_string())?;
    let status = status.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let log = installation.log();
    let last = log.lines().last().unwrap_or_default();
    Err(format!("{} ended with {status}: {last}", arguments[0]))
}

/// The one backup that lies in a folder; nothing unfinished lies beside it.
fn only_folder(into: &Path) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(into).map_err(|error| format!("{}: {error}", into.display()))?;
    let found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    match &found[..] {
        [one] => Ok(one.clone()),
        _ => Err(format!("there should be one backup: {found:?}")),
    }
}

/// The titles of all drafts.
async fn titles(lead: &Client) -> Result<Vec<String>, String> {
    let mut titles = Vec::new();
    let mut next = Some("/queries?status=draft&limit=100".to_owned());
    while let Some(path) = next {
        let reply = lead.get(&path).await;
        if reply.status != 200 {
            return Err(format!("its drafts cannot be listed: {}", reply.text));
        }
        let items = reply.json["items"].as_array().ok_or("a page without items")?;
        titles.extend(
            items
                .iter()
                .filter_map(|item| item["title"].as_str())
                .map(str::to_owned),
        );
        next = reply.header("link").as_deref().and_then(next_page);
    }
    Ok(titles)
}

/// The next page by a `Link` header, below `/api/v1`.
fn next_page(link: &str) -> Option<String> {
    let (address, _) = link.strip_prefix('<')?.split_once(">; rel=\"next\"")?;
    let (_, path) = address.split_once("/api/v1")?;
    Some(path.to_owned())
}

/// Holds what was restored against what was written.
fn check(titles: &[String], bounds: &Bounds) -> Result<(), String> {
    let mut there: [BTreeMap<usize, [usize; WRITERS]>; WRITERS] = Default::default();
    for title in titles {
        let (writer, number, known) = read(title).ok_or_else(|| format!("nobody wrote {title:?}"))?;
        if there[writer].insert(number, known).is_some() {
            return Err(format!("{title:?} is there twice"));
        }
    }
    let reached = there.each_ref().map(BTreeMap::len);
    for (writer, writes) in there.iter().enumerate() {
        let (least, most, count) = (bounds.least[writer], bounds.most[writer], reached[writer]);
        if !(least..=most).contains(&count) {
            return Err(format!(
                "writer {writer}: {count} writes, and it should be {least} to {most}"
            ));
        }
        for (place, (number, known)) in writes.iter().enumerate() {
            if *number != place + 1 {
                return Err(format!("writer {writer}: {} is missing, {number} is there", place + 1));
            }
            if let Some(other) = (0..WRITERS).find(|other| known[*other] > reached[*other]) {
                return Err(format!(
                    "write {number} of writer {writer} knew of {} of writer {other}, of which {} are there",
                    known[other], reached[other]
                ));
            }
        }
    }
    Ok(())
}

/// The writer, the number and what was known, of a title.
fn read(title: &str) -> Option<(usize, usize, [usize; WRITERS])> {
    let mut words = title.strip_prefix("Write ")?.split(' ');
    let writer = words.next()?.parse().ok().filter(|writer| *writer < WRITERS)?;
    let number = words.next()?.parse().ok()?;
    let known: Vec<usize> = words.next()?.split(',').filter_map(|word| word.parse().ok()).collect();
    Some((writer, number, known.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(titles: &[&str], least: usize, most: usize) -> Result<(), String> {
        let mut bounds = Bounds {
            least: [0; WRITERS],
            most: [9; WRITERS],
        };
        (bounds.least[0], bounds.most[0]) = (least, most);
        check(
            &titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(),
            &bounds,
        )
    }

    #[test]
    fn a_copy_of_one_moment_is_told_from_others() {
        let none = "0,0,0,0,0,0,0,0";
        let first = &format!("Write 0 1 {none}");
        let second = &format!("Write 0 2 {none}");
        let knowing = "Write 1 1 1,0,0,0,0,0,0,0";
        assert_eq!(found(&[first, second, knowing], 1, 2), Ok(()));
        assert!(found(&[first], 2, 2).unwrap_err().contains("1 writes"), "one is lost");
        assert!(
            found(&[first, second], 0, 1).unwrap_err().contains("2 writes"),
            "one is too new"
        );
        assert!(found(&[second], 0, 2).unwrap_err().contains("1 is missing"), "a gap");
        assert!(found(&[knowing], 0, 2).unwrap_err().contains("knew of 1"), "no moment");
        assert!(found(&[first, first], 0, 2).unwrap_err().contains("twice"));
    }
}
