//! Connections as the other parts see them: any stream.

use tokio::io::{AsyncRead, AsyncWrite};

/// A two-way stream of bytes.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Any stream: TCP, TLS over it, or an in-memory pipe of a test.
pub type BoxStream = Box<dyn Stream>;
