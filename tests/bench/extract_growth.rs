//! How the time of extraction grows with hostile documents, and which are the most expensive.
//!
//!     cargo bench --bench extract_growth [-- --sizes 16,64,256] [--only WORDS] [--top 25]
//!
//! Thousands of documents (`extract_growth/documents.rs`, and the new pages of `diff_growth/pairs.rs`, which have
//! every kind of block), each at three sizes in KiB, one larger than the other. Printed are the most expensive by
//! time a byte at the largest size, and those whose time grows fastest: the exponent is 1 where time grows
//! with the size and 2 where it grows with its square, fitted over all sizes. Times are CPU time of the
//! thread where Linux reports it (`/proc/thread-self/schedstat`), else wall time, the minimum of several runs.
//! Documents that take under 2 ms at the largest size are in the sum but in no list.

use std::hint::black_box;

use pressmark::extract::{Hints, extract};

#[path = "extract_growth/documents.rs"]
mod documents;
#[path = "growth/measure.rs"]
mod measure;
#[path = "diff_growth/pairs.rs"]
mod pairs;

use measure::{Args, Row, Work};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::read()?;
    let row = |name: String, make: &dyn Fn(usize) -> Vec<u8>| {
        Row::measure(name, &args, |size| {
            let payload = make(size);
            let bytes = payload.len();
            let run = move || drop(black_box(extract(&payload, &Hints::default())));
            Work { bytes, run: Box::new(run), note: "" }
        })
    };
    let mut rows = Vec::new();
    for document in documents::all().iter().filter(|d| d.name.contains(&args.only)) {
        rows.push(row(document.name.clone(), &|size| document.of_size(size)));
    }
    for pair in pairs::all().iter().filter(|pair| pair.name.contains(&args.only)) {
        rows.push(row(pair.name.clone(), &|size| pair.of_size(size).1.into_bytes()));
    }
    measure::print(rows, &args);
    Ok(())
}
