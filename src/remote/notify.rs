//! Messages to receivers: a bounded queue for each, attempts with back-off, and a crawl that never
//! waits for any of them.
//!
//! A message is lost when its queue is full, when all attempts have failed, or when the program ends
//! before it arrived; each is counted and logged. Its content is in the archive.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, Receiver as Queue, Sender};
use tokio::task::JoinSet;

use super::client::Route;
use super::webhook::{Poster, WebhookError};
use crate::base::TargetUri;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Delivery;

/// A command that takes longer is ended.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// The message is posted there.
    Webhook(TargetUri),
    /// A program and its arguments; the message is its standard input.
    Command(Vec<String>),
}

/// How messages are sent.
#[derive(Debug, Clone)]
pub struct NotifyOptions {
    /// How many may wait for one receiver.
    pub queue_max: usize,
    /// How often one is tried.
    pub attempts_max: u32,
    /// The first pause between attempts; it doubles.
    pub pause_min: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// The `User-Agent` of the requests.
    pub user_agent: String,
    /// The way to webhooks.
    pub route: Route,
}

impl Default for NotifyOptions {
    fn default() -> Self {
        Self {
            queue_max: 1_000,
            attempts_max: 8,
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_mins(5),
            user_agent: "pressmark".to_owned(),
            route: Route::default(),
        }
    }
}

struct Message {
    id: String,
    body: Vec<u8>,
}

/// Sends messages in the background.
pub struct Notifier {
    options: NotifyOptions,
    poster: Poster,
    metrics: Metrics,
    queues: HashMap<Receiver, Sender<Message>>,
    tasks: JoinSet<()>,
}

impl Notifier {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: NotifyOptions, metrics: Metrics) -> Result<Self, WebhookError> {
        let poster = Poster::new(&options.user_agent, &options.route)?;
        Ok(Self { options, poster, metrics, queues: HashMap::new(), tasks: JoinSet::new() })
    }

    /// Queues a message and comes back at once. To be called inside a tokio runtime.
    pub fn tell(&mut self, receiver: &Receiver, body: Vec<u8>) {
        if !self.queues.contains_key(receiver) {
            let (send, queue) = mpsc::channel(self.options.queue_max.max(1));
            let worker = Worker {
                receiver: receiver.clone(),
                options: self.options.clone(),
                poster: self.poster.clone(),
                metrics: self.metrics.clone(),
            };
            self.tasks.spawn(worker.run(queue));
            self.queues.insert(receiver.clone(), send);
        }
        let message = Message { id: uuid::Uuid::new_v4().to_string(), body };
        let queued = self.queues.get(receiver).is_some_and(|q| q.try_send(message).is_ok());
        if !queued {
            self.metrics.count_delivery(Delivery::Dropped);
            tracing::warn!("a message about a new version was dropped: its receiver is too slow");
        }
    }

    /// Waits until all that is queued has arrived or was given up, at most this long. Whether it has.
    pub async fn drain(mut self, at_most: Duration) -> bool {
        self.queues.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(at_most, all).await.is_ok()
    }
}

struct Worker {
    receiver: Receiver,
    options: NotifyOptions,
    poster: Poster,
    metrics: Metrics,
}

impl Worker {
    async fn run(self, mut queue: Queue<Message>) {
        while let Some(message) = queue.recv().await {
            let delivery =
                if self.deliver(&message).await { Delivery::Delivered } else { Delivery::GivenUp };
            self.metrics.count_delivery(delivery);
        }
    }

    /// Tries until it arrived or no further attempt may help.
    async fn deliver(&self, message: &Message) -> bool {
        let mut pause = self.options.pause_min;
        for attempt in 1..=self.options.attempts_max.max(1) {
            let (why, wait) = match self.attempt(message).await {
                Ok(()) => return true,
                Err((why, None)) => {
                    tracing::warn!(%why, "a message about a new version was given up");
                    return false;
                }
                Err((why, Some(wait))) => (why, wait),
            };
            tracing::warn!(%why, attempt, "a message about a new version did not arrive");
            if attempt < self.options.attempts_max {
                let asked = wait.unwrap_or(Duration::ZERO).min(self.options.pause_max);
                tokio::time::sleep(pause.max(asked)).await;
                pause = (pause * 2).min(self.options.pause_max);
            }
        }
        false
    }

    /// One attempt; why it failed, and whether and after which pause another may help.
    async fn attempt(&self, message: &Message) -> Result<(), (String, Option<Option<Duration>>)> {
        match &self.receiver {
            Receiver::Webhook(url) => {
                let sent = self.poster.post(url.as_str(), &message.id, &message.body).await;
                sent.map_err(|why| (why.to_string(), why.retry()))
            }
            Receiver::Command(command) => {
                let (command, body) = (command.clone(), message.body.clone());
                let ran = tokio::task::spawn_blocking(move || run(&command, &body)).await;
                match ran {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(why)) => Err((why, Some(None))),
                    Err(why) => Err((why.to_string(), None)),
                }
            }
        }
    }
}

/// Runs a command with the message as its input. No shell: what a page says is never a command.
fn run(command: &[String], body: &[u8]) -> Result<(), String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("no command is named".to_owned());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|why| format!("{program}: {why}"))?;
    let input = child.stdin.take();
    let body = body.to_vec();
    // On a thread of its own: a program that reads nothing must not block us. One that does not
    // want its input closes it, which is not an error.
    let writer = std::thread::spawn(move || {
        if let Some(mut input) = input {
            let _ = input.write_all(&body);
        }
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if begun.elapsed() > COMMAND_TIME_MAX => {
                let _ = child.kill();
                let _ = child.wait();
                break Err(format!("{program} took longer than {COMMAND_TIME_MAX:?}"));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(why) => break Err(format!("{program}: {why}")),
        }
    };
    let status = status?;
    let _ = writer.join();
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A receiver that answers with these statuses in turn and keeps what it was sent.
    fn receiver(statuses: Vec<u16>) -> (TargetUri, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        std::thread::spawn(move || {
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                kept.lock().unwrap().push(request(&mut stream));
                let reply = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(reply.as_bytes()).unwrap();
            }
        });
        (TargetUri::parse(&format!("http://{address}/hook")).unwrap(), got)
    }

    fn request(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        loop {
            let n = stream.read(&mut piece).unwrap();
            bytes.extend_from_slice(&piece[..n]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|l| {
                l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
    }

    fn quick() -> NotifyOptions {
        NotifyOptions {
            attempts_max: 3,
            pause_min: Duration::from_millis(1),
            pause_max: Duration::from_millis(4),
            ..NotifyOptions::default()
        }
    }

    fn count(metrics: &Metrics, result: &str) -> String {
        let start = format!("pressmark_messages_total{{result=\"{result}\"}} ");
        let text = metrics.render();
        let line = text.lines().find_map(|l| l.strip_prefix(&start)).unwrap_or("0");
        line.to_owned()
    }

    #[tokio::test]
    async fn a_message_reaches_a_receiver_that_was_away_for_a_while() {
        let (url, got) = receiver(vec![503, 500, 204]);
        let metrics = Metrics::default();
        let mut notifier = Notifier::new(quick(), metrics.clone()).unwrap();
        notifier.tell(&Receiver::Webhook(url), b"{\"a\":1}".to_vec());
        assert!(notifier.drain(Duration::from_secs(10)).await);
        let got = got.lock().unwrap();
        assert_eq!(got.len(), 3);
        assert!(got[2].starts_with("POST /hook ") && got[2].ends_with("{\"a\":1}"), "{}", got[2]);
        let id = |text: &str| {
            text.lines().find(|l| l.starts_with("x-pressmark-delivery")).unwrap().to_owned()
        };
        assert_eq!(id(&got[0]), id(&got[2]), "one message has one id");
        assert_eq!(count(&metrics, "delivered"), "1");
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated_and_endless_trouble_is_given_up() {
        let metrics = Metrics::default();
        let mut notifier = Notifier::new(quick(), metrics.clone()).unwrap();
        let (refuses, got) = receiver(vec![403, 403]);
        notifier.tell(&Receiver::Webhook(refuses), b"{}".to_vec());
        let (broken, tried) = receiver(vec![500, 500, 500, 500]);
        notifier.tell(&Receiver::Webhook(broken), b"{}".to_vec());
        assert!(notifier.drain(Duration::from_secs(10)).await);
        assert_eq!((got.lock().unwrap().len(), tried.lock().unwrap().len()), (1, 3));
        assert_eq!(count(&metrics, "given-up"), "2");
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_never_waits() {
        let metrics = Metrics::default();
        let options = NotifyOptions { queue_max: 1, ..quick() };
        let mut notifier = Notifier::new(options, metrics.clone()).unwrap();
        let closed = Receiver::Webhook(TargetUri::parse("http://127.0.0.1:9/").unwrap());
        let begun = Instant::now();
        for _ in 0..100 {
            notifier.tell(&closed, b"{}".to_vec());
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(count(&metrics, "dropped"), "99");
    }

    #[tokio::test]
    async fn a_command_gets_the_message_as_its_input() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("got");
        let metrics = Metrics::default();
        let mut notifier = Notifier::new(quick(), metrics.clone()).unwrap();
        let tee = ["tee".to_owned(), file.display().to_string()];
        notifier.tell(&Receiver::Command(tee.to_vec()), b"{\"b\":2}".to_vec());
        notifier.tell(&Receiver::Command(vec!["false".to_owned()]), b"{}".to_vec());
        assert!(notifier.drain(Duration::from_secs(10)).await);
        assert_eq!(std::fs::read(&file).unwrap(), b"{\"b\":2}");
        assert_eq!(
            (count(&metrics, "delivered"), count(&metrics, "given-up")),
            ("1".into(), "1".into())
        );
    }
}
