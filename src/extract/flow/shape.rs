//! Which elements part the text into blocks, and which tables are tables of data and not of layout.

use crate::extract::dom::{Dom, NodeId, Step, Tag};

/// The longest cell of a table that is read as rows; longer ones are layout.
const CELL_BYTES_MAX: usize = 400;

/// Whether an element starts a block of its own.
#[must_use]
pub fn is_block_level(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Html
            | Tag::Body
            | Tag::Article
            | Tag::Section
            | Tag::Nav
            | Tag::Aside
            | Tag::Header
            | Tag::Footer
            | Tag::Main
            | Tag::Address
            | Tag::H1
            | Tag::H2
            | Tag::H3
            | Tag::H4
            | Tag::H5
            | Tag::H6
            | Tag::Hgroup
            | Tag::P
            | Tag::Div
            | Tag::Pre
            | Tag::Blockquote
            | Tag::Ol
            | Tag::Ul
            | Tag::Menu
            | Tag::Li
            | Tag::Dl
            | Tag::Dt
            | Tag::Dd
            | Tag::Figure
            | Tag::Figcaption
            | Tag::Hr
            | Tag::Table
            | Tag::Caption
            | Tag::Tbody
            | Tag::Thead
            | Tag::Tfoot
            | Tag::Tr
            | Tag::Td
            | Tag::Th
            | Tag::Form
            | Tag::Fieldset
            | Tag::Legend
            | Tag::Details
            | Tag::Summary
            | Tag::Dialog
            | Tag::Center
            | Tag::Search
            | Tag::Frameset
    )
}

/// Whether rows of this table are to be read as rows: several cells, none of them long, no table
/// inside. The walk stops at the first sign of layout, so that nested tables stay linear.
pub(super) fn is_table_of_data(dom: &Dom, table: NodeId) -> bool {
    let (mut cells, mut rows, mut cell_bytes) = (0, 0, 0);
    for step in dom.walk(table) {
        match step {
            Step::Enter(id) if id != table => match dom.tag(id) {
                Tag::Table | Tag::H1 | Tag::Form | Tag::Article => return false,
                Tag::Tr => rows += 1,
                Tag::Td | Tag::Th => {
                    cells += 1;
                    cell_bytes = 0;
                }
                _ => {}
            },
            Step::Text(id) => {
                cell_bytes += dom.text(id).trim().len();
                if cell_bytes > CELL_BYTES_MAX {
                    return false;
                }
            }
            _ => {}
        }
    }
    rows >= 1 && cells > rows
}
