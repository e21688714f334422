//! `/warc/FILENAME`: the stored WARC files, whole or by range, for clients that know where a record
//! begins from a CDX line. A file that is still written to can be read as far as it is durable now.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use axum::body::{Body, Bytes as Piece};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, ETAG};
use axum::response::{IntoResponse, Response};

use super::Serve;
use super::body::{Pieces, pieces};
use super::range::{Part, asked_part, is_known};
use super::reply::{Refusal, put, with_type};
use super::request::Asked;
use crate::archive::Bytes;
use crate::base::DigestAlgorithm;

/// How many bytes are read at a time.
const PIECE: usize = 256 * 1024;

/// A WARC file, or a range of it.
pub async fn file(
    State(state): State<Arc<Serve>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let pool = state.pool.clone();
    state
        .ask(move |state| {
            let info = find(state, &name)?;
            let etag = etag(&info.name, info.length);
            let part = asked_part(&asked.headers, info.length, Some(&etag));
            if is_known(&asked.headers, Some(&etag), None) {
                return Ok(labelled(
                    StatusCode::NOT_MODIFIED.into_response(),
                    &etag,
                    info.is_sealed,
                ));
            }
            let (status, range) = match part {
                Part::Whole => (StatusCode::OK, 0..info.length),
                Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, range),
                Part::Unsatisfiable => {
                    let reason = format!("{} has {} bytes", info.name, info.length);
                    let refusal = Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, reason);
                    let mut response = refusal.into_response();
                    put(&mut response, CONTENT_RANGE, &format!("bytes */{}", info.length));
                    return Ok(response);
                }
            };
            let mut bytes = state.reader.files().open(&info.name)?;
            bytes
                .seek(SeekFrom::Start(range.start))
                .map_err(|why| Refusal::failed(format!("reading {}: {why}", info.name)))?;
            let length = range.end - range.start;
            let mut rest = FilePieces { bytes, left: length, name: Arc::clone(&info.name) };
            let first = rest.next().transpose().map_err(Refusal::failed)?.unwrap_or_default();
            let body = if rest.left == 0 {
                Body::from(first)
            } else {
                pieces(&pool, first, Box::new(rest), Some(length))
            };
            let media_type = match &*info.name {
                name if name.ends_with(".gz") => "application/gzip",
                name if name.ends_with(".zst") => "application/zstd",
                _ => "application/warc",
            };
            let mut response = with_type(status, media_type, body);
            if status == StatusCode::PARTIAL_CONTENT {
                let text = format!("bytes {}-{}/{}", range.start, range.end - 1, info.length);
                put(&mut response, CONTENT_RANGE, &text);
            }
            Ok(labelled(response, &etag, info.is_sealed))
        })
        .await
}

fn find(state: &Serve, name: &str) -> Result<crate::archive::FileInfo, Refusal> {
    let missing = || Refusal::missing("the archive has no WARC file of that name");
    let mut info = state.reader.files().info(name)?.ok_or_else(missing)?;
    if !info.is_sealed {
        // The indexed part of a growing file is durable.
        let mark = state.reader.sink().mark_of(name)?;
        info.length = info.length.min(mark.map_or(0, |mark| mark.indexed_to));
    }
    Ok(info)
}

/// A file only grows, and its content never changes: name and length identify its bytes.
fn etag(name: &str, length: u64) -> String {
    let digest = DigestAlgorithm::Sha256.digest(format!("{name}\n{length}").as_bytes());
    let text = digest.to_string();
    let text = text.rsplit(':').next().unwrap_or_default();
    format!("\"{}\"", text.get(..32).unwrap_or(text))
}

fn labelled(mut response: Response, etag: &str, is_sealed: bool) -> Response {
    put(&mut response, ETAG, etag);
    put(&mut response, ACCEPT_RANGES, "bytes");
    let cache = if is_sealed { "private, max-age=86400" } else { "no-cache" };
    put(&mut response, CACHE_CONTROL, cache);
    response
}

struct FilePieces {
    bytes: Box<dyn Bytes>,
    left: u64,
    name: Arc<str>,
}

impl Pieces for FilePieces {
    fn next(&mut self) -> Option<Result<Piece, String>> {
        let want = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        if want == 0 {
            return None;
        }
        let mut piece = vec![0; want];
        Some(match self.bytes.read_exact(&mut piece) {
            Ok(()) => {
                self.left -= want as u64;
                Ok(piece.into())
            }
            Err(why) => Err(format!("reading {}: {why}", self.name)),
        })
    }
}
