//! The one writer of a SQLite file: a thread with a queue.
//!
//! SQLite lets one connection write at a time, and each commit waits for the disk. So the writer takes what has gathered
//! in the queue into one transaction, each use case in a savepoint of its own, commits once, and answers all of them
//! only then. A use case that fails or panics is undone alone; if the shared commit fails, nobody is told of success.

use crate::connection::{Address, AnyConnection, Role};
use crate::error::StoreError;
use crate::pool::closed;
use crate::session::Session;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How many use cases share one commit at most.
const LARGEST: usize = 64;
/// How long a shared transaction takes in further use cases. It never waits for one that is not there.
const LONGEST: Duration = Duration::from_millis(5);

/// Tells one caller how it ended, given how the shared commit ended.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// One use case: run in a savepoint, or told why it cannot be.
type Job = Box<dyn FnOnce(Result<&mut Session, StoreError>) -> Answer + Send>;

pub(crate) struct Writer {
    queue: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    waiting: Arc<AtomicUsize>,
}

/// A use case in the queue, counted until it leaves it, however that happens.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn enter(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    /// Opens the file and starts the thread. More than `waiting` use cases in the queue are turned away.
    pub(crate) fn start(address: Address, waiting: NonZeroU32, statements: Arc<AtomicU64>) -> Result<Self, StoreError> {
        let session = Session::open(&address, Role::Write, &statements)?;
        let (queue, jobs) = sync_channel(usize::try_from(waiting.get()).unwrap_or(usize::MAX));
        let mut desk = Desk {
            address,
            statements,
            session: Some(session),
        };
        let thread = std::thread::Builder::new()
            .name("ahq-writer".to_owned())
            .spawn(move || desk.serve(&jobs))
            .map_err(|fault| StoreError::Unavailable(format!("no thread for the writer: {fault}")))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            waiting: Arc::default(),
        })
    }

    /// Runs `use_case` and returns once its changes are on the disk. It runs to its end even if the caller leaves.
    pub(crate) async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting::enter(&self.waiting);
        self.enqueue(Box::new(move |session| {
            drop(waiting);
            let outcome = match session {
                Ok(session) => session.savepoint(use_case),
                Err(error) => Err(error.into()),
            };
            Box::new(move |ended| {
                let outcome = outcome.and_then(|value| ended.map(|()| value).map_err(E::from));
                // The caller may have left: a request that was given up.
                let _ = reply.send(outcome);
            })
        }))?;
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has ended".to_owned()).into()))
    }

    /// How many use cases wait in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().ok_or_else(closed)?.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy("the queue of changes is full".to_owned())),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }

    /// Takes no more, and returns when all that was taken is done.
    pub(crate) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A use case that held the last handle of the store ends here on the writer's own thread.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the writer of the database ended in a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// What the writer's thread has before it.
struct Desk {
    address: Address,
    statements: Arc<AtomicU64>,
    session: Option<Session>,
}

impl Desk {
    fn serve(&mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            self.commit_together(first, jobs);
        }
    }

    fn commit_together(&mut self, first: Job, jobs: &Receiver<Job>) {
        let session = match self.begin() {
            Ok(session) => session,
            Err(error) => {
                // Whoever waits behind it would wait for the same lock or disk all over again.
                for job in std::iter::once(first).chain(jobs.try_iter()) {
                    job(Err(error.clone()))(Err(error.clone()));
                }
                return;
            }
        };
        let began = Instant::now();
        let mut answers = vec![first(Ok(session))];
        while !session.is_lost() && answers.len() < LARGEST && began.elapsed() < LONGEST {
            match jobs.try_recv() {
                Ok(job) => answers.push(job(Ok(session))),
                Err(_) => break,
            }
        }
        let ended = session.commit();
        if !session.is_sound() {
            self.session = None;
        }
        for answer in answers {
            answer(ended.clone());
        }
    }

    /// Opens the shared transaction, on a new connection if the last one was given up.
    fn begin(&mut self) -> Result<&mut Session, StoreError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.address, Role::Write, &self.statements)?,
        };
        session.begin()?;
        Ok(self.session.insert(session))
    }
}
