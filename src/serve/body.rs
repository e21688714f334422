//! Long answers, made piece by piece as the client takes them. Each piece is made in the pool and the
//! thread is given back, so that a client that reads slowly costs the memory of one piece and no thread.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use crate::app::pool::{Pool, PoolError};

/// What makes the pieces of an answer.
pub trait Pieces: Send + 'static {
    /// The next piece, which may be empty; `None` after the last. Runs in the pool. After an error the
    /// connection is cut, so that no client mistakes a part for the whole.
    fn next(&mut self) -> Option<Result<Bytes, String>>;
}

type Made = (Box<dyn Pieces>, Option<Result<Bytes, String>>);
type Making = Pin<Box<dyn Future<Output = Result<Made, PoolError>> + Send>>;

enum Step {
    Idle(Box<dyn Pieces>),
    Making(Making),
    Done,
}

/// A body of such pieces.
struct PiecesBody {
    pool: Pool,
    step: Step,
    first: Option<Bytes>,
    left: Option<u64>,
}

/// A body that begins with `first`, which is already made. `length` is that of the whole, if known.
pub fn pieces(pool: &Pool, first: Bytes, rest: Box<dyn Pieces>, length: Option<u64>) -> Body {
    let first = Some(first).filter(|first| !first.is_empty());
    Body::new(PiecesBody { pool: pool.clone(), step: Step::Idle(rest), first, left: length })
}

impl PiecesBody {
    fn give(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(piece.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for PiecesBody {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return this.give(first);
        }
        loop {
            match std::mem::replace(&mut this.step, Step::Done) {
                Step::Idle(mut rest) => {
                    let pool = this.pool.clone();
                    this.step = Step::Making(Box::pin(async move {
                        let made = move || {
                            let piece = rest.next();
                            (rest, piece)
                        };
                        pool.go_on(made).await
                    }));
                }
                Step::Making(mut making) => {
                    let Poll::Ready(made) = making.as_mut().poll(context) else {
                        this.step = Step::Making(making);
                        return Poll::Pending;
                    };
                    match made {
                        Err(why) => return Poll::Ready(Some(Err(why.to_string()))),
                        Ok((_, Some(Err(why)))) => {
                            tracing::warn!(%why, "an answer was cut off");
                            return Poll::Ready(Some(Err(why)));
                        }
                        Ok((_, None)) => return Poll::Ready(None),
                        Ok((rest, Some(Ok(piece)))) => {
                            this.step = Step::Idle(rest);
                            if !piece.is_empty() {
                                return this.give(piece);
                            }
                        }
                    }
                }
                Step::Done => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// A body that counts its bytes and reports its end, for the access log.
pub struct Counted<F: FnMut(u64)> {
    inner: Body,
    bytes: u64,
    ended: Option<F>,
}

impl<F: FnMut(u64) + Send + Unpin + 'static> Counted<F> {
    /// The same body; `ended` is called once, with the bytes that were taken.
    pub fn over(inner: Body, ended: F) -> Body {
        Body::new(Self { inner, bytes: 0, ended: Some(ended) })
    }
}

impl<F: FnMut(u64)> Drop for Counted<F> {
    fn drop(&mut self) {
        if let Some(mut ended) = self.ended.take() {
            ended(self.bytes);
        }
    }
}

impl<F: FnMut(u64) + Send + Unpin + 'static> HttpBody for Counted<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
