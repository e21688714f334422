//! HTTP/1.1 as bytes; no sockets.

pub mod exchange;
