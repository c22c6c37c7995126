//! A real browser without a window, and an address that notes who asks it for something.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// How long the browser may take for all pages; a dialog would hold it up for good.
const LONGEST: Duration = Duration::from_secs(60);

/// An address that notes what it is asked for.
pub(super) struct Trap {
    /// Its address, without a slash at its end.
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Trap {
    /// Sets it up; it answers until the drill ends.
    pub(super) async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut head = vec![0; 2048];
                    let read = stream.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..read]);
                    // A browser opens connections ahead that it then needs for nothing.
                    if let Some(path) = head.split(' ').nth(1) {
                        noted
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(path.to_owned());
                    }
                    let nothing = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                    let _ = stream.write_all(nothing).await;
                });
            }
        });
        Self { address, asked }
    }

    /// What it was asked for since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens all pages; gives what they ran or asked for. Before them comes a page of `script` as it was typed,
/// but for its dialogs.
pub(super) async fn opened(trap: &Trap, pages: &[(String, String)], script: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut faults: Vec<String> = trap
        .asked()
        .iter()
        .map(|path| format!("the program asked for {path}"))
        .collect();
    let script = script.replace("setTimeout(alert,99)", "1");
    let raw = format!("<!DOCTYPE html><html><body>{script}</body></html>");
    let shown = open(folder.path(), &[("raw".to_owned(), raw)]).await;
    let asked = trap.asked();
    if shown != Some(1) || !asked.iter().any(|path| path == "/executed") || !asked.iter().any(|path| path == "/loaded")
    {
        faults.push(format!(
            "the browser did not run the script as it was typed: {shown:?}, {asked:?}"
        ));
    }
    let shown = open(folder.path(), pages).await;
    if shown != Some(pages.len()) {
        faults.push(format!("{shown:?} of {} pages were shown", pages.len()));
    }
    faults.extend(trap.asked().into_iter().map(|path| match path.as_str() {
        "/executed" => "script was executed".to_owned(),
        _ => format!("{path} was asked for"),
    }));
    faults
}

/// Shows pages in frames of one page, which counts those that came; none when the browser does not start or end.
async fn open(folder: &Path, pages: &[(String, String)]) -> Option<usize> {
    let mut frames = String::new();
    for (name, page) in pages {
        std::fs::write(folder.join(format!("{name}.html")), page).expect("a page is written");
        frames.push_str(&format!("<iframe src=\"{name}.html\" onload=\"shown += 1\"></iframe>"));
    }
    let index = format!(
        "<!DOCTYPE html><html><head><title>0</title><script>let shown = 0; addEventListener('load', () => {{ document.title = \
         `shown ${{shown}}`; }})</script></head><body>{frames}</body></html>"
    );
    let file = folder.join("index.html");
    std::fs::write(&file, index).expect("a page is written");
    let profile = folder.join("profile");
    let out = folder.join("dom");
    let dom = std::fs::File::create(&out).expect("a file for what is shown");
    let browser = std::env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .stdout(dom)
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let begun = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if begun.elapsed() > LONGEST {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let shown = std::fs::read_to_string(out).ok()?;
    let (_, rest) = shown.split_once("<title>shown ")?;
    rest.split('<').next()?.parse().ok()
}
