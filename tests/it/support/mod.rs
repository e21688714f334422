//! What the tests share: a scripted little web on loopback, a server of raw bytes, a throw-away
//! archive, the binary, a PostgreSQL server, a pooler before it and a way to it that can be cut, a server of S3, one of drand, a proxy, a
//! terminal, tests that are passed over.

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
