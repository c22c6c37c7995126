//! A scanner for harmful software that listens at a socket: clamd, by its command INSTREAM. Where one is configured, a file
//! that it has not called clean is not taken.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// How long a scan may take in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is handed over at a time.
const PIECE: usize = 64 << 10;
/// How much of a verdict is read.
const LONGEST_VERDICT: u64 = 4_096;

/// Where a scanner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// At a socket of this machine.
    Unix(PathBuf),
    /// At a host and port.
    Tcp(String),
}

/// What a scanner says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing harmful is known of it.
    Clean,
    /// It holds harmful software.
    Infected,
}

/// No verdict was given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScanError(String);

impl ScanError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl FromStr for Scanner {
    type Err = String;

    /// `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`.
    fn from_str(address: &str) -> Result<Self, String> {
        match address.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') && cfg!(unix) => Ok(Self::Unix(path.into())),
            Some(("tcp", place)) if is_host_and_port(place) => Ok(Self::Tcp(place.to_owned())),
            _ => Err("is `unix:/path/of/a/socket` or `tcp:host:port`".to_owned()),
        }
    }
}

fn is_host_and_port(place: &str) -> bool {
    place
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

impl Scanner {
    /// Has a file scanned.
    ///
    /// # Errors
    /// [`ScanError`] when the scanner is not there, takes too long, or gives no verdict.
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, ScanError> {
        let scanned = async {
            match self {
                #[cfg(unix)]
                Self::Unix(path) => converse(UnixStream::connect(path).await.map_err(ScanError::of)?, bytes).await,
                #[cfg(not(unix))]
                Self::Unix(_) => Err(ScanError("this system has no such sockets".to_owned())),
                Self::Tcp(place) => converse(TcpStream::connect(place).await.map_err(ScanError::of)?, bytes).await,
            }
        };
        tokio::time::timeout(PATIENCE, scanned)
            .await
            .map_err(|_| ScanError("the scanner takes too long".to_owned()))?
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Result<Verdict, ScanError> {
    stream.write_all(b"zINSTREAM\0").await.map_err(ScanError::of)?;
    for piece in bytes.chunks(PIECE) {
        let length = u32::try_from(piece.len()).map_err(ScanError::of)?;
        stream.write_all(&length.to_be_bytes()).await.map_err(ScanError::of)?;
        stream.write_all(piece).await.map_err(ScanError::of)?;
    }
    stream.write_all(&[0; 4]).await.map_err(ScanError::of)?;
    stream.flush().await.map_err(ScanError::of)?;
    let mut verdict = Vec::new();
    stream
        .take(LONGEST_VERDICT)
        .read_to_end(&mut verdict)
        .await
        .map_err(ScanError::of)?;
    let verdict = String::from_utf8_lossy(&verdict);
    match verdict.trim_end_matches(['\0', '\n']) {
        "stream: OK" => Ok(Verdict::Clean),
        found if found.starts_with("stream: ") && found.ends_with(" FOUND") => Ok(Verdict::Infected),
        other => Err(ScanError(format!("the scanner gives no verdict: {other:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn addresses_say_where_it_listens() {
        assert_eq!(
            "tcp:127.0.0.1:3310".parse(),
            Ok(Scanner::Tcp("127.0.0.1:3310".to_owned()))
        );
        assert_eq!("unix:/run/x".parse(), Ok(Scanner::Unix("/run/x".into())));
        for address in ["", "unix:x", "tcp:host", "tcp::1", "http://x", "tcp:host:port"] {
            assert!(address.parse::<Scanner>().is_err(), "{address}");
        }
    }

    /// Listens once, takes all that is handed over, and says this; gives how much that was.
    async fn listening(says: &'static [u8]) -> (Scanner, tokio::task::JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut command = [0; 10];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut heard = 0;
            loop {
                let length = stream.read_u32().await.unwrap();
                if length == 0 {
                    break;
                }
                let mut piece = vec![0; length as usize];
                stream.read_exact(&mut piece).await.unwrap();
                heard += piece.len();
            }
            stream.write_all(says).await.unwrap();
            heard
        });
        (Scanner::Tcp(place), heard)
    }

    #[tokio::test]
    async fn only_a_verdict_is_one() {
        let file = vec![7; 200_000];
        for (says, verdict) in [
            (&b"stream: OK\0"[..], Some(Verdict::Clean)),
            (b"stream: Eicar-Test-Signature FOUND\0", Some(Verdict::Infected)),
            (b"INSTREAM size limit exceeded. ERROR\0", None),
            (b"", None),
            (b"stream: OK but", None),
        ] {
            let (scanner, heard) = listening(says).await;
            assert_eq!(scanner.scan(&file).await.ok(), verdict);
            assert_eq!(heard.await.unwrap(), file.len());
        }
        let nobody = Scanner::Tcp("127.0.0.1:1".to_owned());
        assert!(nobody.scan(&file).await.is_err());
    }
}
