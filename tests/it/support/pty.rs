//! A pseudo-terminal: what a command writes when a person uses it, byte for byte.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// A command that runs on a terminal of its own.
pub struct OnTerminal {
    child: Child,
    reading: JoinHandle<Vec<u8>>,
}

/// Starts it with input, output and errors on the terminal; `typed` is typed at once.
pub fn spawn(command: &mut Command, typed: &str) -> OnTerminal {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
    // Nothing is translated or echoed, so that the bytes read are those that the command wrote; input
    // still comes line by line, so that it can end.
    let mut modes = tcgetattr(&slave).unwrap();
    modes.make_raw();
    if !typed.is_empty() {
        modes.local_modes |= rustix::termios::LocalModes::ICANON;
    }
    tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
    let size = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&slave, size).unwrap();
    let end = || Stdio::from(slave.try_clone().unwrap());
    let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop(slave);
    // The command object keeps copies for the next call; they would keep the terminal open.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut master = File::from(master);
    master.write_all(typed.as_bytes()).unwrap();
    if !typed.is_empty() {
        master.write_all(b"\x04").unwrap();
    }
    let reading = std::thread::spawn(move || {
        let mut written = Vec::new();
        let mut piece = [0; 64 * 1024];
        // Linux returns EIO where the last process has closed its end.
        while let Ok(count @ 1..) = master.read(&mut piece) {
            written.extend_from_slice(&piece[..count]);
        }
        written
    });
    OnTerminal { child, reading }
}

impl OnTerminal {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status, and its whole output.
    pub fn wait(mut self) -> (ExitStatus, Vec<u8>) {
        let status = self.child.wait().unwrap();
        (status, self.reading.join().unwrap())
    }
}
