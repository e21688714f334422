//! The small news site of `demo`, and its run: three crawls of invented stories that are edited
//! in between. Needs no network and touches no one's site.

mod days;
mod outlets;
mod run;
mod server;
mod site;
mod stories;

pub use run::{Act, run};
