//! A mail server for the tests and drills: answers as it is told to, and keeps what it took.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does otherwise than a good one would, on commands that begin with a text; `greeting` and `.` are
/// commands too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Good,
    /// Says this instead of the good reply to a command.
    Says(&'static str, &'static str),
    /// Closes the connection on a command.
    Closes(&'static str),
    /// Does not answer a command before it turns to another habit.
    Stalls(&'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<String>,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Seen>>,
    habit: Arc<Mutex<Habit>>,
}

impl Sink {
    pub(crate) async fn start(habit: Habit) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let sink = Self {
            port: listener.local_addr().expect("an address").port(),
            seen: Arc::default(),
            habit: Arc::new(Mutex::new(habit)),
        };
        let (seen, habit) = (sink.seen.clone(), sink.habit.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().expect("no holder panics").connections += 1;
                tokio::spawn(serve(stream, seen.clone(), habit.clone()));
            }
        });
        sink
    }

    pub(crate) fn turns(&self, habit: Habit) {
        *self.habit.lock().expect("no holder panics") = habit;
    }
}

/// One connection; ends with an error when the other side is gone.
async fn serve(stream: TcpStream, seen: Arc<Mutex<Seen>>, habit: Arc<Mutex<Habit>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut command = "greeting".to_owned();
    loop {
        let verb = command.split([' ', ':']).next().unwrap_or("").to_owned();
        let good = match verb.as_str() {
            "greeting" => "220 sink ready",
            "EHLO" => "250-sink\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 go on",
            "." => "250 2.0.0 queued as 4F2A",
            "QUIT" => "221 bye",
            _ => "250 2.1.0 fine",
        };
        let now = || *habit.lock().expect("no holder panics");
        while matches!(now(), Habit::Stalls(at) if command.starts_with(at)) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let reply = match now() {
            Habit::Says(at, reply) if command.starts_with(at) => reply,
            Habit::Closes(at) if command.starts_with(at) => return Ok(()),
            _ => good,
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        let in_data = verb == "DATA" && reply.starts_with('3');
        let mut taken = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            command = line.trim_end().to_owned();
            if !in_data || command == "." {
                break;
            }
            taken.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        let mut seen = seen.lock().expect("no holder panics");
        seen.commands.push(command.clone());
        if in_data {
            seen.messages.push(taken);
        }
    }
}
