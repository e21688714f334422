//! Commands and events of the DevTools protocol over a pair of pipes: JSON, each message ended by a zero byte.
//!
//! Owns the numbers that join answers to commands. Reading and writing have a thread each, so that a browser
//! that stopped reading blocks no caller; both end with the pipe. Events that are not taken are counted and
//! dropped.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// A longer message ends the connection, in bytes: a screenshot has some megabytes.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;
/// The number of commands whose answer is not awaited: no other has it.
const UNAWAITED: u64 = 0;
/// At most this many events wait to be taken.
const EVENTS_MAX: usize = 1_000;

/// Something that happened in the browser.
#[derive(Debug)]
pub(super) struct Event {
    pub method: String,
    pub params: Value,
}

/// What becomes of the questions of a page (`alert`, `confirm`, `prompt`, and whether it may be left).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Questions {
    /// Each is answered with no at once.
    Refused,
    /// A person answers them.
    Shown,
}

/// The commands whose answer is awaited, by number; `None` once no answer can come.
type Answers = Option<HashMap<u64, oneshot::Sender<Value>>>;
type Waiting = Arc<Mutex<Answers>>;

/// A connection to a browser.
#[derive(Debug)]
pub(super) struct Connection {
    commands: std::sync::mpsc::Sender<Vec<u8>>,
    waiting: Waiting,
    next: AtomicU64,
}

impl Connection {
    /// Talks through these pipes.
    pub fn new(
        mut input: impl Write + Send + 'static,
        output: impl Read + Send + 'static,
        questions: Questions,
    ) -> (Self, mpsc::Receiver<Event>) {
        let (commands, queue) = std::sync::mpsc::channel::<Vec<u8>>();
        let refusals = (questions == Questions::Refused).then(|| commands.clone());
        std::thread::spawn(move || {
            for command in queue {
                if input.write_all(&command).and_then(|()| input.flush()).is_err() {
                    return;
                }
            }
        });
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let answers = Arc::clone(&waiting);
        std::thread::spawn(move || {
            read(BufReader::new(output), &answers, &sender, refusals.as_ref());
            // Callers that still wait are notified that nothing will come, and later ones do not wait.
            *answers.lock().unwrap_or_else(PoisonError::into_inner) = None;
        });
        (Self { commands, waiting, next: AtomicU64::new(1) }, events)
    }

    /// Sends a command, to a page where a session is named, and gives back its result.
    ///
    /// # Errors
    /// When the browser refuses it, does not answer within the time, or is gone; as text.
    pub async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        within: Duration,
    ) -> Result<Value, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        let gone = || format!("{method}: the browser is gone");
        let (sender, answer) = oneshot::channel();
        self.lock().as_mut().ok_or_else(gone)?.insert(id, sender);
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        if self.commands.send(bytes).is_err() {
            self.forget(id);
            return Err(gone());
        }
        let answer = tokio::time::timeout(within, answer).await;
        self.forget(id);
        match answer {
            Err(_) => Err(unanswered(session.is_some(), within)),
            Ok(Err(_)) => Err(gone()),
            Ok(Ok(mut answer)) => match answer.get("error") {
                Some(error) => {
                    let said = error["message"].as_str().unwrap_or("an error without a message");
                    Err(format!("{method}: {said}"))
                }
                None => Ok(answer["result"].take()),
            },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No longer awaits the answer to this command.
    fn forget(&self, id: u64) {
        if let Some(waiting) = self.lock().as_mut() {
            waiting.remove(&id);
        }
    }
}

/// The reason of a command that was not answered: a page answers once its scripts let it.
fn unanswered(is_page: bool, within: Duration) -> String {
    let seconds = within.as_secs();
    match is_page {
        true => format!("the page gave no answer within {seconds} s: its scripts seem to block it"),
        false => format!("the browser gave no answer within {seconds} s"),
    }
}

/// Hands on what comes, until the pipe ends or a message is too long.
fn read(
    mut output: impl BufRead,
    waiting: &Waiting,
    events: &mpsc::Sender<Event>,
    refusals: Option<&std::sync::mpsc::Sender<Vec<u8>>>,
) {
    let mut message = Vec::new();
    loop {
        message.clear();
        match (&mut output).take(MESSAGE_BYTES_MAX).read_until(0, &mut message) {
            Ok(_) if message.pop() == Some(0) => {}
            _ => return,
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(&message) else { continue };
        if let Some(id) = value["id"].as_u64() {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(waits) = waiting.as_mut().and_then(|waiting| waiting.remove(&id)) {
                // A caller that no longer waits needs no answer.
                let _ = waits.send(value);
            }
        } else if let Some(method) = value["method"].as_str() {
            let method = method.to_owned();
            if method == "Page.javascriptDialogOpening"
                && let Some(commands) = refusals
            {
                // At once: while it is open the page answers nothing, so that no command may wait for it.
                let _ = commands.send(refusal(&value["sessionId"]));
            }
            // Events of a page that floods the queue are dropped.
            let _ = events.try_send(Event { method, params: value["params"].take() });
        }
    }
}

/// The command that answers a question of a page with no.
fn refusal(session: &Value) -> Vec<u8> {
    let refuse = json!({
        "id": UNAWAITED,
        "method": "Page.handleJavaScriptDialog",
        "params": { "accept": false },
        "sessionId": session,
    });
    let mut bytes = refuse.to_string().into_bytes();
    bytes.push(0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(said: &[u8]) -> (Connection, mpsc::Receiver<Event>) {
        Connection::new(std::io::sink(), std::io::Cursor::new(said.to_vec()), Questions::Refused)
    }

    #[tokio::test]
    async fn answers_and_events_are_distinguished_and_the_end_is_noticed() {
        let said =
            b"{\"method\":\"Page.loadEventFired\",\"params\":{\"a\":1}}\0nonsense\0{\"id\":7}\0";
        let (_connection, mut events) = connection(said);
        let event = events.recv().await.unwrap();
        assert_eq!((event.method.as_str(), event.params), ("Page.loadEventFired", json!({"a": 1})));
        assert!(events.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_command_after_the_end_fails_at_once() {
        // The thread that writes takes commands until the first fails: a sink takes all.
        let (connection, mut events) = connection(b"");
        assert!(events.recv().await.is_none());
        for _ in 0..3 {
            let got = connection.call(None, "A.b", json!({}), Duration::from_secs(600)).await;
            assert_eq!(got, Err("A.b: the browser is gone".to_owned()));
        }
    }

    #[tokio::test]
    async fn a_command_without_an_answer_names_who_gave_none() {
        let (input, output) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = input.try_clone().unwrap();
        let (connection, _events) = Connection::new(ours, input, Questions::Refused);
        for (session, words) in [(Some("s"), "its scripts seem to block it"), (None, "the browser")]
        {
            let got = connection.call(session, "A.b", json!({}), Duration::from_millis(5)).await;
            let why = got.unwrap_err();
            assert!(why.contains(words) && !why.contains("A.b"), "{why}");
        }
        drop(output);
    }

    #[tokio::test]
    async fn an_answer_goes_to_its_command() {
        let (input, output) = std::os::unix::net::UnixStream::pair().unwrap();
        let (mut browser, theirs) = (output.try_clone().unwrap(), output);
        let (connection, _events) =
            Connection::new(input.try_clone().unwrap(), input, Questions::Refused);
        std::thread::spawn(move || {
            let mut command = Vec::new();
            BufReader::new(theirs).read_until(0, &mut command).unwrap();
            browser.write_all(b"{\"id\":1,\"result\":{\"x\":2}}\0").unwrap();
        });
        let got = connection.call(Some("s"), "A.b", json!({}), Duration::from_secs(10)).await;
        assert_eq!(got, Ok(json!({"x": 2})));
    }

    #[tokio::test]
    async fn a_question_is_answered_while_no_events_are_taken() {
        let (input, output) = std::os::unix::net::UnixStream::pair().unwrap();
        let (mut browser, theirs) = (output.try_clone().unwrap(), output);
        let ours = input.try_clone().unwrap();
        let (_connection, _events) = Connection::new(ours, input, Questions::Refused);
        browser
            .write_all(b"{\"method\":\"Page.javascriptDialogOpening\",\"params\":{},\"sessionId\":\"s\"}\0")
            .unwrap();
        theirs.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut command = Vec::new();
        BufReader::new(theirs).read_until(0, &mut command).unwrap();
        command.pop();
        let command: Value = serde_json::from_slice(&command).unwrap();
        assert_eq!(command["params"]["accept"], false);
        assert_eq!(command["sessionId"], "s");
    }
}
