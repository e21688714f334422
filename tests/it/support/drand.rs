//! A drand server on loopback, with a chain of its own: it signs the round of the time that it is given.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use blst::min_pk;
use blst::min_sig::SecretKey;
use pressmark::base::{DigestAlgorithm, Timestamp};
use pressmark::evidence::drand::{Chain, Scheme};

/// The clock from which rounds are computed.
pub type Time = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The running server; it ends with the process.
pub struct Drand {
    pub url: String,
    pub chain: Chain,
    /// Answers with an error while this is set.
    pub broken: Arc<AtomicBool>,
    /// How often it was requested.
    pub asked: Arc<AtomicU64>,
}

const G1: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const G2: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const SECRET: [u8; 32] = [42; 32];

fn sha256(bytes: &[u8]) -> Vec<u8> {
    DigestAlgorithm::Sha256.digest(bytes).as_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// The signature over a round, and that of the round before where the scheme has it.
fn sign(scheme: Scheme, round: u64) -> (Vec<u8>, Option<Vec<u8>>) {
    let previous = scheme.is_chained().then(|| vec![(round % 251) as u8; 96]);
    let message = [previous.as_deref().unwrap_or_default(), &round.to_be_bytes()].concat();
    let message = sha256(&message);
    let signature = match scheme {
        Scheme::UnchainedG1 => {
            let key = SecretKey::key_gen(&SECRET, &[]).unwrap();
            key.sign(&message, G1, &[]).to_bytes().to_vec()
        }
        _ => {
            let key = min_pk::SecretKey::key_gen(&SECRET, &[]).unwrap();
            key.sign(&message, G2, &[]).to_bytes().to_vec()
        }
    };
    (signature, previous)
}

impl Drand {
    /// Starts a chain of this scheme with a round every three seconds, since some time before now.
    pub fn start(scheme: Scheme, time: Time) -> Self {
        let public = match scheme {
            Scheme::UnchainedG1 => {
                SecretKey::key_gen(&SECRET, &[]).unwrap().sk_to_pk().to_bytes().to_vec()
            }
            _ => min_pk::SecretKey::key_gen(&SECRET, &[]).unwrap().sk_to_pk().to_bytes().to_vec(),
        };
        let genesis = time().unix_micros() / 1_000_000 - 300;
        let chain = Chain {
            public,
            period: 3,
            genesis,
            seed: vec![1; 32],
            beacon: "it".to_owned(),
            scheme,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (broken, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let server =
            Self { url, chain: chain.clone(), broken: broken.clone(), asked: asked.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                asked.fetch_add(1, Ordering::SeqCst);
                let past = time().unix_micros() / 1_000_000 - chain.genesis;
                let round = u64::try_from(past / 3 + 1).unwrap_or(1);
                let _ = answer(stream, &chain, round, broken.load(Ordering::SeqCst));
            }
        });
        server
    }

    /// The settings that name it, for `--set`; the description goes into a file in `dir`.
    pub fn settings(&self, dir: &std::path::Path) -> [String; 2] {
        let info = dir.join(format!("{}.json", &self.chain.hash_hex()[..8]));
        std::fs::write(&info, self.chain.json()).unwrap();
        [format!("evidence.drand={}", self.url), format!("evidence.drand_chain={}", info.display())]
    }
}

fn answer(mut stream: TcpStream, chain: &Chain, round: u64, broken: bool) -> std::io::Result<()> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            n => head.extend_from_slice(&piece[..n]),
        }
    }
    let wanted = format!("GET /{}/public/latest HTTP/1.1\r\n", chain.hash_hex());
    let (status, body) = if broken {
        ("500 Broken", String::new())
    } else if head.starts_with(wanted.as_bytes()) {
        let (signature, previous) = sign(chain.scheme, round);
        let previous = previous
            .map_or_else(String::new, |p| format!(",\"previous_signature\":\"{}\"", hex(&p)));
        let (random, signature) = (hex(&sha256(&signature)), hex(&signature));
        (
            "200 OK",
            format!(
                "{{\"round\":{round},\"randomness\":\"{random}\",\"signature\":\"{signature}\"{previous}}}"
            ),
        )
    } else {
        ("404 Not Found", String::new())
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
