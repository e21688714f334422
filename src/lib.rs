//! Pressmark: an archival crawler and WARC store for news. It keeps the exact bytes of every
//! exchange, and answers what a page said, when it changed and how.
//!
//! ```text
//!  WRITE                                                      READ
//!  schedule ─► politeness ─► capture ─► store ═► WARC ═► index ◄─ store::Reader ◄─ URI (+ time)
//!      ▲                       │                                       │
//!      └──────── crawl ◄─── extract (links)                  extract ─► diff ─► history ─► cli
//! ```
//!
//! In reading order: the words ([`base`]) and rows in order ([`sorted`]); the formats ([`http`], [`warc`], [`mod@wacz`], [`parquet`], [`kv`]); the contracts of
//! an archive ([`archive`]) and the backends that keep captures ([`index`], [`postgres`]), blocks of index lines ([`zipnum`]); the parts, all pure or
//! nearly so ([`politeness`], [`schedule`], [`dates`], [`extract`], [`outlinks`], [`diff`]); who owns
//! sockets and files ([`owner`], [`capture`], [`store`], [`remote`]); the journeys ([`crawl`], [`history`],
//! [`cite`], [`story`], [`clusters`], [`evidence`], [`tables`]); what may be asked ([`answers`])
//! and how it is shown ([`render`], [`reader`], [`replay`]); the composition ([`telemetry`], [`config`], [`app`]); the edges ([`cli`], [`serve`], [`demo`]). `docs/architecture.md` has the invariants.
pub mod answers;
pub mod app;
pub mod archive;
pub mod base;
pub mod browser;
pub mod capture;
pub mod cite;
pub mod cli;
pub mod clusters;
pub mod config;
pub mod crawl;
pub mod dates;
pub mod demo;
pub mod diff;
pub mod evidence;
pub mod exchange;
pub mod extract;
pub mod history;
pub mod http;
pub mod index;
pub mod kv;
mod language;
pub mod outlinks;
pub mod owner;
pub mod parquet;
pub mod peer;
pub mod politeness;
pub mod postgres;
pub mod reader;
pub mod readings;
pub mod relay;
pub mod remote;
pub mod render;
pub mod replay;
pub mod schedule;
pub mod search;
pub mod serve;
pub mod sorted;
pub mod store;
pub mod story;
pub mod tables;
pub mod telemetry;
pub mod wacz;
pub mod warc;
pub mod witness;
pub mod zipnum;
