//! What the tests share: a scripted small web on loopback, a server of raw bytes, a temporary
//! archive, the binary, a PostgreSQL server, a pooler in front of it and a link to it that can be cut, an S3 server, a drand
//! server, a proxy, a terminal, and the skipping of tests.

pub mod archive;
pub mod cli;
pub mod drand;
pub mod link;
pub mod pooler;
pub mod postgres;
pub mod proxy;
pub mod pty;
pub mod raw;
pub mod rewrite;
pub mod s3;
pub mod schema;
pub mod skip;
pub mod web;
