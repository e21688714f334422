//! A story in several outlets in the forms a reader gets: for a terminal, as Markdown, and as one HTML file.
//! Articles are named by letters, so that a table has room for what they say.

pub mod html;
mod labels;
pub mod markdown;
pub mod text;

pub(in crate::render) use labels::title;
