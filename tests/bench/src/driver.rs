//! The driver: 32 connections that each send a request, wait for its reply, and send the next.
//!
//! It speaks HTTP/1.1 by hand, on one thread, so that as much of the machine as possible is left to the program. A latency
//! is the time from the first byte sent to the last byte received. With a loop that waits for each reply a stall of the
//! program slows the requests behind it down too: rates and percentiles are those of 32 callers who wait, not of an open
//! crowd.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many callers there are.
pub(crate) const CONNECTIONS: usize = 32;

/// What one connection asks for.
pub(crate) trait Asker: Send {
    /// The next request, whole.
    fn next(&mut self, request: &mut Vec<u8>);
    /// Looks at the reply's head; false counts as an error.
    fn look(&mut self, status: u16, head: &str) -> bool;
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// Replies a second.
    pub(crate) rate: f64,
    /// The median latency.
    pub(crate) p50: Duration,
    /// The latency that one in a hundred passes.
    pub(crate) p99: Duration,
    /// Replies that were not as they should be.
    pub(crate) errors: usize,
    /// The size of the last body, in bytes.
    pub(crate) size: usize,
}

/// Drives `askers` for `time` after a warm-up of a fifth of that; blocks.
pub(crate) fn drive(
    address: SocketAddr,
    askers: Vec<Box<dyn Asker>>,
    time: Duration,
) -> (Measured, Vec<Box<dyn Asker>>) {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let begin = Instant::now() + time / 5;
            let end = begin + time;
            let tasks: Vec<_> = askers
                .into_iter()
                .map(|asker| tokio::spawn(connection(address, asker, begin, end)))
                .collect();
            let mut all = Measured::default();
            let mut latencies = Vec::new();
            let mut askers = Vec::new();
            for task in tasks {
                let (asker, mut taken, errors, size) = task.await.expect("a connection ends well");
                latencies.append(&mut taken);
                all.errors += errors;
                all.size = size;
                askers.push(asker);
            }
            latencies.sort_unstable();
            let at = |share: usize| {
                let micros = latencies
                    .get(latencies.len() * share / 100)
                    .copied()
                    .unwrap_or_default();
                Duration::from_micros(u64::from(micros))
            };
            all.p50 = at(50);
            all.p99 = at(99);
            all.rate = latencies.len() as f64 / time.as_secs_f64();
            (all, askers)
        })
    });
    thread.join().expect("the driver ends well")
}

/// One caller; gives the latencies in microseconds of what ended within the time.
async fn connection(
    address: SocketAddr,
    mut asker: Box<dyn Asker>,
    begin: Instant,
    end: Instant,
) -> (Box<dyn Asker>, Vec<u32>, usize, usize) {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the program takes connections");
    stream.set_nodelay(true).expect("an option of a socket");
    let mut latencies = Vec::with_capacity(1 << 16);
    let (mut errors, mut size) = (0, 0);
    let mut request = Vec::with_capacity(1024);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        request.clear();
        asker.next(&mut request);
        let sent = Instant::now();
        stream.write_all(&request).await.expect("the program reads");
        let (fine, body) = receive(&mut stream, &mut buffer, asker.as_mut()).await;
        size = body.max(size.min(body));
        let received = Instant::now();
        errors += usize::from(!fine);
        if received >= end {
            return (asker, latencies, errors, size);
        }
        if received >= begin {
            latencies.push(u32::try_from((received - sent).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

/// Reads one reply with a Content-Length; gives whether it was fine, and its body's size.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>, asker: &mut dyn Asker) -> (bool, usize) {
    let mut filled = 0;
    let (mut head_end, mut whole) = (0, usize::MAX);
    let mut fine = false;
    while filled < whole {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await.expect("the program replies");
        assert!(read > 0, "the program closed a connection");
        filled += read;
        if head_end == 0
            && let Some(found) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n")
        {
            head_end = found + 4;
            let head = std::str::from_utf8(&buffer[..head_end]).expect("a head in ASCII");
            let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
            let length = header(head, "content-length").and_then(|length| length.parse().ok());
            whole = head_end + length.unwrap_or(0usize);
            fine = asker.look(status, head) && length.is_some();
        }
    }
    (fine, whole - head_end)
}

/// The value of a header in a reply's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
