//! Integration tests: the engine in-process against a scripted web on loopback, and the binary.
//!
//! - `wire`: every stored response equals the bytes that were sent
//! - `backfill`: what other archives captured of a page, from their TimeMaps
//! - `crawl`: whole crawls on a manual clock
//! - `crash`: the process is killed at random points
//! - `power_loss`: the power fails at random points
//! - `hostile`: a hostile web
//! - `jobs`, `limits`: what a job finds, when it looks again, what bounds it
//! - `sequences`: jobs that are renamed, changed, removed, added again, and two that share pages
//! - `sources`: feeds and sitemaps that turn into something else, and outlets that go silent
//! - `guide`: the operator's guide, followed literally
//! - `daemon`: `watch` as a process, and jobs that are killed
//! - `postgres`: an archive whose captures are kept in a database, the server restarted and unreachable
//! - `objects`: WARC files in an object storage, its faults, and a kill between any two requests
//! - `purge`: what is removed by order, and everything else that stays
//! - `printing`: what comes from the web never steers a terminal, whatever command prints it
//! - `peers`: archives that compare what they captured, and peers that lie
//! - `proxies`: the way through HTTP and SOCKS5 proxies
//! - `rebuild`: the index deleted or damaged, every query answers the same
//! - `cli`: help, exit codes, JSON, closed pipes, local files
//! - `browser_trouble`: browsers that crash or hang, and hostile pages
//! - `chromium`: hostile pages, replayed in a browser
//! - `evidence`: every change in an archive is found; bundles and time stamps
//! - `exchange`: index lines, exports and imports, with other people's programs
//! - `imports`: files of other programs in an archive, and an import that is killed
//! - `unread`: pages that take too long to read, or break what reads them
//! - `trouble`: bad input, each kind with its own message and exit code
//! - `intact`: a record that was changed is neither shown, cited nor compared
//! - `interop`: our files in other people's readers
//! - `reader`: the web reader over HTTP, every link of every page followed
//! - `readme`: the commands that the README shows are real
//! - `relay`: captures whose TLS session a relay attests, and forgeries of them
//! - `readings`: the store of readings beside crawls, other processes and a kill
//! - `quotes`: the command, on files and on an archive
//! - `extract_fuzz`: mutated pages and hostile documents cause no panic
//! - `fuzz_corpus`: the kept inputs of the fuzz targets, without a fuzzer
//! - `page_kinds`: kinds of real pages, by tables in several languages
//! - `plain_pages`: pages that say little, and shells that say something
//! - `pages`: what is read from the corpus of pages, held to floors
//! - `cite`: the command on an archive, and its formats in other people's readers
//! - `layers`: which module imports which
//! - `month`: a job of thirty outlets for a month of the manual clock
//! - `clocks`: outlets whose clocks are wrong
//! - `navigation`: redirects with cookies, pages that send on, bytes of addresses
//! - `strange_month`: a month of outlets whose addresses, clocks, feeds and hosts are strange
//! - `witness`: archives that witness each other, and a witness that is killed
//! - `wacz`: a signed package of captures in other people's readers
//! - `story`: several outlets beside each other, on files and on an archive
//! - `rendered_archive`: what is made of rendered pages: answers, pictures in the reader, citations, proofs
//! - `rendering`: pages that scripts fill, in Chromium behind a proxy of ours
//! - `script_pages`: pages built with the frameworks of outlets, read as a browser makes them
//! - `scripted_pages`: pages whose article is in their data and not in the markup
//! - `schemas`: every JSON form against its schema
//! - `warc_files`: files of any origin are verified, repacked and repaired
//! - `versions`: what a crawl reports of new versions, compared with what `history` prints of them
//! - `views`: captured pages with their scripts, at their true addresses and rerouted, in Chromium
//! - `serve`: the server over loopback: Memento, CDX, raw replay, the API, limits
//! - `tables`: Parquet by month, in DuckDB and pandas
//! - `search`: words over all versions, beside a process that writes, and saved searches
//! - `secrets`: secrets are sent only to their recipient, and shown nowhere else

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backfill;
mod blocks;
mod browser_trouble;
mod chromium;
mod cite;
mod cli;
mod clocks;
mod crash;
mod crawl;
mod daemon;
mod derivation;
mod evidence;
mod exchange;
mod extract_fuzz;
mod feeds;
mod fuzz_corpus;
mod guide;
mod hostile;
mod imports;
mod intact;
mod interop;
mod jobs;
mod lab;
mod layers;
mod limits;
mod month;
mod navigation;
mod objects;
mod page_kinds;
mod pages;
mod peers;
mod plain_pages;
mod postgres;
mod power_loss;
mod printing;
mod proxies;
mod purge;
mod quotes;
mod reader;
mod readings;
mod readme;
mod rebuild;
mod relay;
mod rendered_archive;
mod rendered_parts;
mod rendering;
mod schemas;
mod script_pages;
mod scripted_pages;
mod search;
mod secrets;
mod sequences;
mod serve;
mod short_pages;
mod sources;
mod story;
mod strange_month;
mod support;
mod tables;
mod tls_chains;
mod trouble;
mod unread;
mod versions;
mod views;
mod wacz;
mod warc_files;
mod wire;
mod witness;
mod workers;
