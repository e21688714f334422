//! The file system calls of a process, in order, with the bytes: the parsed output of strace.
//!
//! strace prints where a call begins and where it ends, and each thread waits until that is printed: the
//! calls of one thread before it woke another are listed before the calls of the other after that.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The recorded calls. Reads are not recorded: they move a file's position only where nothing is written.
const CALLS: &str = "trace=open,openat,creat,close,dup,dup2,dup3,fcntl,lseek,write,pwrite64,writev,\
    pwritev,pwritev2,copy_file_range,sendfile,truncate,ftruncate,fallocate,fsync,fdatasync,syncfs,\
    sync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat";

/// Text longer than any write.
const TEXT_MAX: &str = "67108864";

/// One system call.
#[derive(Debug)]
pub struct Call {
    /// The line at which it was entered, and the one at which it had returned.
    pub began: usize,
    pub ended: usize,
    pub name: String,
    arguments: Vec<String>,
    /// The return value; negative where the call failed.
    pub result: i64,
}

impl Call {
    /// An argument as it was printed; empty where there is none.
    pub fn word(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", String::as_str)
    }

    /// An argument that is a number, octal with a leading zero.
    pub fn number(&self, at: usize) -> i64 {
        let word = self.word(at);
        let octal =
            word.strip_prefix('0').filter(|rest| !rest.is_empty() && !rest.starts_with('x'));
        octal
            .map_or_else(|| word.parse(), |octal| i64::from_str_radix(octal, 8))
            .unwrap_or_else(|_| panic!("no number: {word:?} in {}", self.name))
    }

    /// The bytes of an argument, all pieces of it where it is a list of them.
    pub fn bytes(&self, at: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in self.word(at).split('"').skip(1).step_by(2) {
            out.extend(piece.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).unwrap()));
        }
        out
    }

    pub fn path(&self, at: usize) -> String {
        String::from_utf8(self.bytes(at)).unwrap()
    }
}

/// The reason why nothing can be recorded here; `None` where it can.
pub fn why_not() -> Option<String> {
    if cfg!(not(target_os = "linux")) {
        return Some("it needs Linux".to_owned());
    }
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "true"])
        .stderr(Stdio::piped())
        .output();
    match tried {
        Err(why) => Some(format!("strace: {why}")),
        Ok(output) if !output.status.success() => Some(format!(
            "strace may not trace here: {}",
            String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default()
        )),
        Ok(_) => None,
    }
}

/// Runs a command to its end under strace; its calls, in the order in which they took effect.
pub fn record(command: &Command, output: &Path) -> (Vec<Call>, std::process::ExitStatus) {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-xx", "-s", TEXT_MAX, "-e", CALLS, "-e", "signal=none", "-o"]);
    traced.arg(output).arg("--").arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            traced.env(name, value);
        }
    }
    // strace itself is searched for where this process would search.
    if let Some(path) = std::env::var_os("PATH") {
        traced.env("PATH", path);
    }
    if let Some(dir) = command.get_current_dir() {
        traced.current_dir(dir);
    }
    let status = traced.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let calls = read(output);
    std::fs::remove_file(output).unwrap();
    (calls, status)
}

fn read(output: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: std::collections::HashMap<String, (usize, String)> = Default::default();
    for (number, line) in BufReader::new(File::open(output).unwrap()).lines().enumerate() {
        let line = line.unwrap();
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            unfinished.insert(process.to_owned(), (number, begun.to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, tail) = resumed.split_once(" resumed>").unwrap();
            let (began, head) = unfinished.remove(process).unwrap();
            calls.extend(call(began, number, &format!("{head}{tail}")));
        } else {
            calls.extend(call(number, number, rest));
        }
    }
    // A descriptor is free before the call that closes it has returned.
    calls.sort_by_key(|call| if call.name == "close" { call.began } else { call.ended });
    calls
}

/// A call that returned; none for a line that is not a call.
fn call(began: usize, ended: usize, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    // Text printed as hexadecimal digits never contains this character.
    let (inside, result) = rest.rsplit_once(" = ")?;
    let inside = inside.trim_end().strip_suffix(')')?;
    let result = result.split(' ').next()?.parse().ok()?;
    let mut arguments = vec![String::new()];
    let mut depth = 0_usize;
    for c in inside.chars() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            ' ' if arguments.last().is_some_and(String::is_empty) => continue,
            _ => {}
        }
        arguments.last_mut()?.push(c);
    }
    Some(Call { began, ended, name: name.to_owned(), arguments, result })
}
