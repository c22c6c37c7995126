//! `ahq backup` and `ahq restore`: a folder that holds a copy of the database, the keys beside it, the files of attachments
//! where those lie in a folder, and a manifest that says what is in them. A store that speaks S3 has means of its own.
//!
//! A backup is made under a name that begins with a dot and gets its own name when all of it is on the disk, so a half
//! one is never taken for a whole.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ahq_domain::clock::Instant;
use ahq_exchange::erasures::Applied;
use ahq_store::backup::{self, Content, Kind};
use ahq_store::files::id_in;
use ahq_store::{Address, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::FilesPlace;
use crate::erasures;
use crate::lifecycle::{self, Parts, StartError};

/// The file that says what a backup holds; without it a folder is none.
const MANIFEST: &str = "manifest.json";
/// The keys that lie beside SQLite's file.
const KEYS: &str = "keys.json";
/// The folder of the files of attachments, and what stands before their names in the manifest.
const ATTACHMENTS: &str = "attachments";
/// The form of the manifest.
const FORMAT: u32 = 1;
/// The instant in the names of folders and of files kept aside: no colon, which some file systems refuse.
const STAMP: &str = "%Y-%m-%dT%H-%M-%S%.3fZ";
/// How often is told what takes longer.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was begun.
    pub made: Instant,
    /// What it was made of.
    pub database: Kind,
    /// The migrations run and the rows of each table.
    pub content: Content,
    /// Each file.
    pub files: BTreeMap<String, Sealed>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup.
    ///
    /// # Errors
    /// A folder that is none, and one of a newer program.
    pub fn read(folder: &Path) -> Result<Self, StartError> {
        let file = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            other(format!(
                "{} is no whole backup, for its {MANIFEST} cannot be read ({error}): name a folder that `ahq backup` made, \
                 such as DIR/ahq-2026-11-23T12-00-00.000Z",
                folder.display()
            ))
        })?;
        let damaged = |error: serde_json::Error| other(format!("{} is damaged: {error}", file.display()));
        let value: serde_json::Value = serde_json::from_str(&text).map_err(damaged)?;
        if value["format"]
            .as_u64()
            .is_some_and(|format| format > u64::from(FORMAT))
        {
            return Err(newer(&value["program"]));
        }
        serde_json::from_value(value).map_err(damaged)
    }

    /// How many rows all tables have.
    pub fn rows(&self) -> u64 {
        self.content.rows.values().sum()
    }

    /// What people are told of it: `19 tables, 1234 rows, 5.2 MiB`.
    pub(crate) fn told(&self) -> String {
        let bytes = self.files.values().map(|file| file.bytes).sum();
        format!(
            "{} tables, {} rows, {}",
            self.content.rows.len(),
            self.rows(),
            size(bytes)
        )
    }

    /// Whether this program can restore it to `address`.
    fn fits(&self, address: &Address) -> Result<(), StartError> {
        let (made_of, wanted) = (self.database, Kind::of(address));
        if made_of != wanted {
            return Err(other(format!(
                "the backup was made of a {made_of:?} database and {address} is a {wanted:?} one: set database.address"
            )));
        }
        if !backup::unknown(made_of, &self.content).map_err(store)?.is_empty() {
            return Err(newer(&self.program));
        }
        let known = [made_of.file_name(), KEYS];
        let is_attachment = |name: &str| attachment_in(name).is_some();
        let mut names = self.files.keys();
        match names.find(|name| !known.contains(&name.as_str()) && !is_attachment(name)) {
            Some(name) => Err(other(format!("the {MANIFEST} names a file that no backup has: {name}"))),
            None if !self.files.contains_key(made_of.file_name()) => {
                Err(other(format!("the {MANIFEST} does not name {}", made_of.file_name())))
            }
            None => Ok(()),
        }
    }

    /// Holds each file against its hash.
    fn check_files(&self, folder: &Path) -> Result<(), StartError> {
        for (name, wanted) in &self.files {
            let file = folder.join(name);
            if seal(&file)? != *wanted {
                return Err(other(format!(
                    "{} is not the file that was backed up (its SHA-256 differs): use another backup",
                    file.display()
                )));
            }
        }
        Ok(())
    }
}

/// Backs up the configured database, which may be in use, into a new folder in `into`, and gives that folder.
///
/// # Errors
/// What stood in the way; nothing is left behind then.
pub async fn backup(parts: &Parts, into: &Path) -> Result<PathBuf, StartError> {
    let address = address(parts)?;
    let made = parts.clock.now();
    let whole = into.join(format!("ahq-{}", made.format(STAMP)));
    let unfinished = into.join(format!(".ahq-{}.unfinished", made.format(STAMP)));
    let attachments = attachments(parts)?;
    let (folder, into) = (unfinished.clone(), into.to_path_buf());
    watched("backing up", Some(unfinished), move || {
        std::fs::create_dir_all(&into).map_err(|error| fault(&into, &error))?;
        make_folder(&folder)?;
        let written = write_backup(&address, attachments.as_deref(), made, &folder).and_then(|()| {
            std::fs::rename(&folder, &whole).map_err(|error| fault(&whole, &error))?;
            sync(&into)
        });
        match written {
            Ok(()) => Ok(whole),
            Err(error) => {
                // What went wrong first is what is told.
                let _ = std::fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    })
    .await
}

fn write_backup(address: &Address, attachments: Option<&Path>, made: Instant, folder: &Path) -> Result<(), StartError> {
    let kind = Kind::of(address);
    let copy = folder.join(kind.file_name());
    let mut files = BTreeMap::new();
    // Before the database those that may go meanwhile, after it those that came: what has a row in the copy was there at one
    // of the two times, for a file is kept before its row is written, and goes after a day at the earliest.
    save_attachments(attachments, folder, &mut files)?;
    let content = backup::save(address, &copy).map_err(store)?;
    only_for_owner(&copy)?;
    files.insert(kind.file_name().to_owned(), seal(&copy)?);
    save_attachments(attachments, folder, &mut files)?;
    sync(&copy)?;
    if let Some(keys) = keys_of(address).filter(|keys| keys.exists()) {
        let kept = folder.join(KEYS);
        copy_secret(&keys, &kept)?;
        files.insert(KEYS.to_owned(), seal(&kept)?);
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made,
        database: kind,
        content,
        files,
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| other(error.to_string()))?;
    write_secret(&folder.join(MANIFEST), format!("{text}\n").as_bytes())?;
    sync(folder)
}

/// What was restored, and what was kept of what stood there.
#[derive(Debug)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// The old files, where they were replaced.
    pub kept: Vec<PathBuf>,
    /// What became of the list of erasures; none where no list is configured.
    pub erasures: Option<Applied>,
}

/// Puts a backup into the configured database, which is empty; where `replace` says so, the old file of SQLite is kept
/// aside first.
///
/// # Errors
/// A backup that is not whole, or of a newer program; a database that is not empty; what was restored and is not what the
/// manifest says.
pub async fn restore(parts: &Parts, from: &Path, replace: bool) -> Result<Restored, StartError> {
    let address = address(parts)?;
    let manifest = Manifest::read(from)?;
    manifest.fits(&address)?;
    let empty = {
        let address = address.clone();
        watched("looking at the database", None, move || is_empty(&address)).await?
    };
    if !empty {
        refuse_to_replace(&address, replace)?;
    }
    let aside = (!empty).then(|| format!(".before-{}", parts.clock.now().format(STAMP)));
    let (wanted, from, place) = (manifest.clone(), from.to_path_buf(), address.clone());
    let attachments = attachments(parts)?;
    let kept = watched("restoring", None, move || {
        wanted.check_files(&from)?;
        // Before their rows; a file without one harms nobody.
        restore_attachments(&wanted, &from, attachments.as_deref())?;
        put_back(&place, &wanted, &from, aside.as_deref())
    })
    .await?;
    // The keys open, and the program would start.
    let exchange = lifecycle::exchange(parts).await.map_err(|error| {
        other(format!(
            "the backup is restored, but the program cannot start on it: {error}"
        ))
    })?;
    // Before it serves: what was erased after the backup was made must not be read again.
    let erasures = match &parts.config.exchange.erasures {
        Some(file) => Some(erasures::apply(&exchange, file).await),
        None => None,
    };
    let noted = exchange.note_restored(manifest.made).await;
    exchange.store().close().await;
    let erasures = erasures.transpose().map_err(|error| {
        other(format!(
            "the backup is restored, but the list of erasures was not applied to it: do not serve it, mend the list and \
             restore again: {error}"
        ))
    })?;
    noted.map_err(|error| {
        other(format!(
            "the backup is restored, but its audit does not say so: {error}"
        ))
    })?;
    Ok(Restored {
        manifest,
        kept,
        erasures,
    })
}

/// The folder where the files of attachments lie; none where a store has them.
fn attachments(parts: &Parts) -> Result<Option<PathBuf>, StartError> {
    Ok(match parts.config.files()? {
        FilesPlace::Folder(folder) => Some(folder),
        #[cfg(feature = "s3")]
        FilesPlace::Bucket(_) => None,
    })
}

/// The name of a file of an attachment in the manifest, where it is one and nothing else.
fn attachment_in(name: &str) -> Option<&str> {
    let name = name.strip_prefix(ATTACHMENTS)?.strip_prefix('/')?;
    id_in(name).map(|_| name)
}

/// Copies the files of attachments that are not copied yet.
fn save_attachments(
    from: Option<&Path>,
    folder: &Path,
    files: &mut BTreeMap<String, Sealed>,
) -> Result<(), StartError> {
    let Some(from) = from.filter(|from| from.is_dir()) else {
        return Ok(());
    };
    let into = folder.join(ATTACHMENTS);
    for entry in std::fs::read_dir(from).map_err(|error| fault(from, &error))? {
        let entry = entry.map_err(|error| fault(from, &error))?;
        let Some(name) = entry
            .file_name()
            .to_str()
            .filter(|name| id_in(name).is_some())
            .map(str::to_owned)
        else {
            continue;
        };
        let known = format!("{ATTACHMENTS}/{name}");
        if files.contains_key(&known) {
            continue;
        }
        if !into.is_dir() {
            make_folder(&into)?;
        }
        let copy = into.join(&name);
        match std::fs::copy(entry.path(), &copy) {
            // It had no row any more.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            copied => copied.map_err(|error| fault(&copy, &error))?,
        };
        only_for_owner(&copy)?;
        sync(&copy)?;
        files.insert(known, seal(&copy)?);
    }
    if into.is_dir() { sync(&into) } else { Ok(()) }
}

/// Puts the files of attachments where they lie; one that is there already is the same, by its name.
fn restore_attachments(manifest: &Manifest, from: &Path, into: Option<&Path>) -> Result<(), StartError> {
    let names: Vec<&str> = manifest.files.keys().filter_map(|name| attachment_in(name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let into = into.ok_or_else(|| {
        other("the backup holds the files of attachments, and attachments.store is no folder: set it to one".to_owned())
    })?;
    std::fs::create_dir_all(into).map_err(|error| fault(into, &error))?;
    for name in names {
        let (place, copy) = (into.join(name), from.join(ATTACHMENTS).join(name));
        if place.exists() && seal(&place)? == seal(&copy)? {
            continue;
        }
        let staged = into.join(format!("{name}.restoring"));
        std::fs::copy(&copy, &staged).map_err(|error| fault(&staged, &error))?;
        sync(&staged)?;
        std::fs::rename(&staged, &place).map_err(|error| fault(&place, &error))?;
    }
    sync(into)
}

fn is_empty(address: &Address) -> Result<bool, StartError> {
    let keys = keys_of(address).is_some_and(|keys| keys.exists());
    Ok(!keys && backup::is_empty(address).map_err(store)?)
}

fn refuse_to_replace(address: &Address, replace: bool) -> Result<(), StartError> {
    let advice = match (address.file(), replace) {
        (Some(_), true) => return Ok(()),
        (Some(_), false) => "stop the program and give --replace, which keeps the old files under other names",
        (None, _) => {
            "create an empty one beside it, for example with `createdb --template=template0 --encoding=UTF8 \
             --locale=C.UTF-8 ahq_restored`, and set database.address"
        }
    };
    Err(other(format!("the database {address} is not empty: {advice}")))
}

fn put_back(
    address: &Address,
    manifest: &Manifest,
    from: &Path,
    aside: Option<&str>,
) -> Result<Vec<PathBuf>, StartError> {
    let keys = keys_of(address);
    if let Some(folder) = keys.as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
    }
    // The new keys are ready before the old database goes.
    let staged = keys.as_ref().map(|keys| keys.with_extension("restoring"));
    if let Some(staged) = &staged {
        let _ = std::fs::remove_file(staged);
        if manifest.files.contains_key(KEYS) {
            copy_secret(&from.join(KEYS), staged)?;
        }
    }
    let copy = from.join(manifest.database.file_name());
    let restored = backup::restore(address, &copy, &manifest.content, aside);
    if let (Err(_), Some(staged)) = (&restored, &staged) {
        let _ = std::fs::remove_file(staged);
    }
    let mut kept = restored.map_err(store)?;
    if let (Some(keys), Some(staged)) = (keys, staged) {
        if let Some(aside) = aside
            && keys.exists()
        {
            let old = keys.with_file_name(format!("{KEYS}{aside}"));
            std::fs::rename(&keys, &old).map_err(|error| fault(&keys, &error))?;
            kept.push(old);
        }
        if staged.exists() {
            std::fs::rename(&staged, &keys).map_err(|error| fault(&keys, &error))?;
        }
        sync(folder_of(&keys))?;
    }
    Ok(kept)
}

fn address(parts: &Parts) -> Result<Address, StartError> {
    parts.config.database.address.parse().map_err(store)
}

/// Where the keys of a database lie; on a server they are a row.
fn keys_of(address: &Address) -> Option<PathBuf> {
    address.file().map(|file| file.with_file_name(KEYS))
}

fn seal(path: &Path) -> Result<Sealed, StartError> {
    let mut hash = Sha256::new();
    let bytes = File::open(path)
        .and_then(|mut file| std::io::copy(&mut file, &mut hash))
        .map_err(|error| fault(path, &error))?;
    Ok(Sealed {
        bytes,
        sha256: hex::encode(hash.finalize()),
    })
}

fn copy_secret(from: &Path, to: &Path) -> Result<(), StartError> {
    let text = std::fs::read(from).map_err(|error| fault(from, &error))?;
    write_secret(to, &text)
}

/// Writes a new file that its owner alone may read, to the disk.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), StartError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| fault(path, &error))
}

fn make_folder(path: &Path) -> Result<(), StartError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| fault(path, &error))
}

/// A file that another program made: it lay in a folder of the owner alone so far.
fn only_for_owner(path: &Path) -> Result<(), StartError> {
    #[cfg(unix)]
    {
        let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path, owner).map_err(|error| fault(path, &error))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Waits until a file's bytes, or a folder's names, last through a power cut.
fn sync(path: &Path) -> Result<(), StartError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| fault(path, &error))
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Runs what blocks, and tells each second how far it is: on the standard error, and how much lies in `grows` by now.
async fn watched<T: Send + 'static>(
    what: &str,
    grows: Option<PathBuf>,
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    let mut working = tokio::task::spawn_blocking(work);
    let mut seconds = 0_u64;
    loop {
        tokio::select! {
            ended = &mut working => return ended.map_err(|error| other(error.to_string()))?,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
        seconds += TELL_EVERY.as_secs();
        let far = grows.as_deref().map(|folder| format!(", {}", size(bytes_in(folder))));
        // Nobody has to watch.
        let _ = writeln!(std::io::stderr(), "{what}: {seconds} s{}", far.unwrap_or_default());
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| file.metadata().ok())
        .map(|file| file.len())
        .sum()
}

/// Bytes in MiB, with one digit behind the point.
fn size(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn newer(program: impl std::fmt::Display) -> StartError {
    other(format!(
        "the backup was made by a newer program ({program}): restore it with that one"
    ))
}

fn other(text: String) -> StartError {
    StartError::Other(text)
}

fn store(error: StoreError) -> StartError {
    other(error.to_string())
}

fn fault(path: &Path, error: &std::io::Error) -> StartError {
    other(format!("{}: {error}", path.display()))
}
