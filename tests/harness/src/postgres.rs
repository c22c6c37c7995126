//! A throwaway PostgreSQL for tests: one server a test process, one database a test.
//!
//! The server's data is a copy of a cluster initialised once and kept in the target folder. A small shell watches over
//! the server and holds the other end of a pipe: when this process ends, however it ends, the pipe closes, the shell
//! stops the server and removes its data. The server keeps its durable settings, since the store refuses others.
//!
//! It never installs anything. Without PostgreSQL on the machine the tests that need it are left out, loudly;
//! `AHQ_REQUIRE_POSTGRES=1` makes that a failure. `AHQ_POSTGRES_BIN` names the folder of `initdb` when it is not found.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server.
pub struct Server {
    programs: PathBuf,
    user: User,
    data: PathBuf,
    sockets: PathBuf,
    databases: AtomicU32,
    /// Its input is the pipe whose end stops the server.
    _watch: Child,
}

/// This process's server, started on first use, or nothing if PostgreSQL is not there.
///
/// # Panics
/// When PostgreSQL is required and missing, or is there and does not start.
#[expect(clippy::panic, reason = "a test that cannot have its database has failed")]
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let required = std::env::var_os("AHQ_REQUIRE_POSTGRES").is_some_and(|value| value != "0");
            match find_programs() {
                Some(programs) => match start(programs) {
                    Ok(server) => Some(server),
                    Err(fault) => panic!("PostgreSQL did not start: {fault}"),
                },
                None if required => panic!("AHQ_REQUIRE_POSTGRES is set and PostgreSQL was not found"),
                None => {
                    // Past the capture of the test runner, which hides what a passing test prints.
                    let _ = writeln!(
                        std::io::stderr(),
                        "\n*** PostgreSQL was not found: every test that needs it is LEFT OUT ***\n"
                    );
                    None
                }
            }
        })
        .as_ref()
}

impl Server {
    /// The path of one of PostgreSQL's own programs, such as `pgbench`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The number of the user it runs as.
    ///
    /// # Panics
    /// When it is gone.
    #[expect(clippy::panic, reason = "a test that cannot have its database has failed")]
    pub fn owner(&self) -> u32 {
        match std::fs::metadata(&self.data) {
            Ok(data) => data.uid(),
            Err(fault) => panic!("{}: {fault}", self.data.display()),
        }
    }

    /// Restarts it, and returns when it takes connections again. `mode` is one of `pg_ctl`: `fast` ends every
    /// connection, `immediate` leaves the rest to the recovery from the log.
    ///
    /// # Panics
    /// When it does not come up again.
    #[expect(clippy::panic, reason = "a test that cannot have its database has failed")]
    pub fn restart(&self, mode: &str) {
        let program = self.program("pg_ctl");
        let mut restart = self.user.command(&program.to_string_lossy());
        restart.arg("-D").arg(&self.data).arg("-l").arg(self.data.join("log"));
        if let Err(fault) = run(restart.args(["-w", "-s", "-m", mode, "restart"])) {
            panic!("PostgreSQL did not restart: {fault}");
        }
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn database(&self) -> String {
        self.database_like("template1")
    }

    /// Makes a copy of the database `template`, given by its name or its address, and returns the copy's address. Nobody
    /// may be connected to the template.
    ///
    /// # Panics
    /// When the server refuses.
    #[expect(clippy::panic, reason = "a test that cannot have its database has failed")]
    pub fn database_like(&self, template: &str) -> String {
        let template = template.rsplit('/').next().unwrap_or(template);
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut create = Command::new(self.programs.join("createdb"));
        create
            .arg("--host")
            .arg(&self.sockets)
            .args(["--username=ahq", "--template", template, &name]);
        if let Err(fault) = run(&mut create) {
            panic!("no database for this test: {fault}");
        }
        let host = self.sockets.to_string_lossy().replace('/', "%2F");
        format!("postgres://ahq@{host}/{name}")
    }
}

/// The folder of `initdb` and its siblings. Some machines link only a few of them into the path.
fn find_programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("AHQ_POSTGRES_BIN") {
        return Some(PathBuf::from(folder));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(folder) = run(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder.trim()));
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let all = ["initdb", "pg_ctl", "postgres", "createdb"];
    folders
        .into_iter()
        .find(|folder| all.iter().all(|program| folder.join(program).is_file()))
}

fn start(programs: PathBuf) -> Result<Server, String> {
    let user = User::find()?;
    let work = user.own_folder(&target_folder().join("postgres")).or_else(|_| {
        // The target folder may lie where the server's user cannot go, as in root's home.
        user.own_folder(&std::env::temp_dir().join("ahq-postgres"))
    })?;
    let template = initialised(&programs, &user, &work)?;
    let process = std::process::id();
    let data = work.join(format!("run-{process}"));
    run(user.command("cp").arg("-Rp").arg(&template).arg(&data))?;
    let sockets = user.own_folder(&std::env::temp_dir().join(format!("ahq-pg-{process}")))?;
    let options = format!(
        "-k {} -c listen_addresses='' -c max_connections=200 -c shared_buffers=128MB",
        sockets.display()
    );
    let mut watch = user
        .command("sh")
        .args(["-c", WATCH, "sh"])
        .args([&programs, &data, &sockets])
        .arg(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|fault| format!("sh: {fault}"))?;
    let mut said = Vec::new();
    for line in watch
        .stdout
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
        .map_while(Result::ok)
    {
        if line == "ready" {
            return Ok(Server {
                programs,
                user,
                data,
                sockets,
                databases: AtomicU32::new(0),
                _watch: watch,
            });
        }
        said.push(line);
    }
    Err(said.join("\n"))
}

/// Programs, data, sockets and options stand in `$1` to `$4`. Signals from the terminal are left to the pipe.
const WATCH: &str = r#"
trap '' HUP INT TERM
if "$1/pg_ctl" -D "$2" -l "$2/log" -w -s -o "$4" start >/dev/null 2>&1 </dev/null
then echo ready; cat >/dev/null; "$1/pg_ctl" -D "$2" -m immediate -s stop >/dev/null 2>&1
else cat "$2/log"
fi
rm -rf "$2" "$3"
"#;

/// A cluster that was initialised once for this version, made now if it is not there.
fn initialised(programs: &Path, user: &User, work: &Path) -> Result<PathBuf, String> {
    let initdb = programs.join("initdb");
    let version = run(Command::new(&initdb).arg("--version"))?;
    let version = version.split_whitespace().nth(2).unwrap_or("unknown");
    let template = work.join(format!("template-{version}"));
    if template.is_dir() {
        return Ok(template);
    }
    let fresh = work.join(format!("fresh-{}", std::process::id()));
    let mut outcome = Err(String::new());
    for locale in ["C.UTF-8", "en_US.UTF-8"] {
        let mut init = user.command(&initdb.to_string_lossy());
        init.arg("--pgdata").arg(&fresh).arg(format!("--locale={locale}"));
        outcome = run(init.args(["--username=ahq", "--auth=trust", "--encoding=UTF8", "--no-sync"]));
        if outcome.is_ok() {
            break;
        }
    }
    outcome?;
    // Another process may have been faster; its cluster is as good.
    if std::fs::rename(&fresh, &template).is_err() {
        run(user.command("rm").arg("-rf").arg(&fresh))?;
    }
    Ok(template)
}

/// Cargo's target folder, which cargo marks, or the folder for temporary files.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// Who runs the server: this user, unless it is root, whom PostgreSQL refuses.
struct User {
    name: Option<String>,
    prefix: Vec<String>,
}

impl User {
    fn find() -> Result<Self, String> {
        if run(Command::new("id").arg("-u"))?.trim() != "0" {
            return Ok(Self {
                name: None,
                prefix: Vec::new(),
            });
        }
        for name in ["postgres", "nobody"] {
            let Ok(group) = run(Command::new("id").args(["-g", name])) else {
                continue;
            };
            let set_group = format!("--regid={}", group.trim());
            let set_user = format!("--reuid={name}");
            for prefix in [
                vec!["setpriv", &set_user, &set_group, "--clear-groups", "--"],
                vec!["runuser", "-u", name, "--"],
            ] {
                let user = Self {
                    name: Some(name.to_owned()),
                    prefix: prefix.into_iter().map(str::to_owned).collect(),
                };
                if run(&mut user.command("true")).is_ok() {
                    return Ok(user);
                }
            }
        }
        Err("PostgreSQL does not run as root, and neither setpriv nor runuser leads to another user".to_owned())
    }

    /// A command as this user, in a folder everybody may enter.
    fn command(&self, program: &str) -> Command {
        let mut words = self.prefix.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(words.next().unwrap_or(program));
        command.args(words).current_dir("/");
        command
    }

    /// Makes a folder that belongs to this user alone, if this user can reach it.
    fn own_folder(&self, folder: &Path) -> Result<PathBuf, String> {
        std::fs::create_dir_all(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
        if let Some(name) = &self.name {
            run(Command::new("chown").arg(name).arg(folder))?;
        }
        run(self.command("chmod").arg("700").arg(folder))?;
        Ok(folder.to_path_buf())
    }
}

/// Runs a command to its end and returns what it printed, or what it complained of.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|fault| format!("{name}: {fault}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "{name}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}
