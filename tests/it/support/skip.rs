//! Tests that need a program which is not available everywhere.

/// Reports that a test is skipped because `need` is missing, and the reason. Panics where the environment
/// variable `PRESSMARK_REQUIRE` names it (words with commas between them), as it does in `.ci/run`.
#[allow(clippy::print_stderr, reason = "why a test was passed over")]
pub fn skipped(need: &str, why: &str) {
    let required = std::env::var("PRESSMARK_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|word| word == need), "{need} is required: {why}");
    eprintln!("skipped, since {need} is not here: {why}");
}
