//! The clock of a page set to another time, and its random numbers made the same each time.
//!
//! Pages show "3 hours ago" and choose what they show by chance. Seen with the time of its capture a page says what
//! it said then, and two pictures of it are the same. Nothing of the page is changed: a script runs before its own.

use crate::base::Timestamp;

/// A script that sets `Date` to begin at a time and `Math.random` to a fixed sequence. Time goes on from there.
pub(super) fn script(at: Timestamp) -> String {
    let at = at.unix_micros().div_euclid(1_000);
    format!("({CLOCK})({at});")
}

/// `Date` keeps its methods and its parsing; only "now" is another. The sequence is that of a 32-bit generator
/// (Mulberry32), begun with the time.
const CLOCK: &str = "(at) => {
  const TrueDate = Date;
  const ahead = at - TrueDate.now();
  const now = () => TrueDate.now() + ahead;
  const Shifted = function Date(...parts) {
    if (!new.target) return new TrueDate(now()).toString();
    return Reflect.construct(TrueDate, parts.length ? parts : [now()], new.target);
  };
  Object.defineProperty(Shifted, 'length', { value: 7, configurable: true });
  Object.defineProperty(Shifted, 'prototype', { value: TrueDate.prototype, writable: false });
  Object.defineProperty(TrueDate.prototype, 'constructor', { value: Shifted, writable: true, configurable: true });
  for (const [name, value] of [['now', now], ['parse', TrueDate.parse], ['UTC', TrueDate.UTC]]) {
    Object.defineProperty(Shifted, name, { value, writable: true, configurable: true });
  }
  Object.defineProperty(globalThis, 'Date', { value: Shifted, writable: true, configurable: true });
  let state = at >>> 0;
  Math.random = function random() {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_milliseconds() {
        let at = Timestamp::parse("2025-11-05T00:00:00.123456Z").unwrap();
        assert!(script(at).ends_with("(1762300800123);"));
    }
}
