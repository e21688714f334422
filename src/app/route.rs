//! How this process reaches receivers of webhooks and time-stamp authorities.

use crate::config::{Settings, keys};
use crate::remote::Route;

/// The proxy and the roots for what the program sends of its own accord: webhooks, requests for time stamps.
#[must_use]
pub fn route(settings: &Settings) -> Route {
    let some =
        |key: keys::TextKey| Some(settings.text(key).to_owned()).filter(|text| !text.is_empty());
    Route {
        // A relay is for captures: what the program sends of its own accord is not to be attested.
        proxy: some(keys::CAPTURE_PROXY).filter(|proxy| !proxy.starts_with("relay:")),
        roots_file: some(keys::TLS_ROOTS_FILE).map(Into::into),
    }
}
