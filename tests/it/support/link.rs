//! A link to the database that can be cut silently, as a network that loses packets does it: connections
//! stay open and new ones are accepted, and no data passes in either direction. Data in flight
//! arrives when the link is restored, as TCP sends it again; or never, where it was dropped meanwhile.

#![allow(dead_code, reason = "not every crate of tests that takes this file in uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

pub struct Link {
    port: u16,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    held: AtomicUsize,
}

#[derive(Default, Clone, Copy)]
struct State {
    is_cut: bool,
    /// Incremented when data in flight is dropped.
    dropped: usize,
}

impl Gate {
    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits while the link is cut; returns whether data in flight since `dropped` still arrives.
    fn passes(&self, dropped: usize) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_cut {
            self.held.fetch_add(1, Ordering::Relaxed);
        }
        while state.is_cut && state.dropped == dropped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.dropped == dropped
    }
}

impl Link {
    /// A link to a server on this port of the loopback device.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let gate = Arc::<Gate>::default();
        let of_link = Arc::clone(&gate);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gate = Arc::clone(&of_link);
                thread::spawn(move || carry(&stream, port, &gate));
            }
        });
        Self { port: own, gate }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the link.
    pub fn cut(&self) {
        self.gate.set(|state| state.is_cut = true);
    }

    /// Data in flight is lost, and its connections are reset.
    pub fn drop_all(&self) {
        self.gate.set(|state| state.dropped += 1);
    }

    /// Data in flight arrives, and later data.
    pub fn mend(&self) {
        self.gate.set(|state| state.is_cut = false);
    }

    /// How often data was held up.
    pub fn held(&self) -> usize {
        self.gate.held.load(Ordering::Relaxed)
    }
}

fn carry(client: &TcpStream, port: u16, gate: &Arc<Gate>) {
    let dropped = gate.state().dropped;
    if !gate.passes(dropped) {
        return;
    }
    // A server that is away refuses, and so does the link to it.
    let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))) else { return };
    thread::scope(|scope| {
        scope.spawn(|| pump(client, &server, gate, dropped));
        pump(&server, client, gate, dropped);
    });
}

/// Both sides are closed at the end of either: no connection is half open.
fn pump(mut from: &TcpStream, mut to: &TcpStream, gate: &Gate, dropped: usize) {
    let mut piece = [0; 16 * 1024];
    loop {
        let read = from.read(&mut piece);
        // The end of a connection is held up like any data.
        if !gate.passes(dropped) {
            break;
        }
        match read {
            Ok(n) if n > 0 && to.write_all(&piece[..n]).is_ok() => {}
            _ => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
