(at) => {
  // The clock begins with the time of the capture and goes on from there; chance is the same each time.
  const scope = globalThis;
  const TrueDate = Date;
  const ahead = at - TrueDate.now();
  const now = () => TrueDate.now() + ahead;
  const define = (target, name, value) =>
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  // `Date` keeps its methods and its parsing; only "now" is another.
  const Shifted = function Date(...parts) {
    if (!new.target) return new TrueDate(now()).toString();
    return Reflect.construct(TrueDate, parts.length ? parts : [now()], new.target);
  };
  Object.defineProperty(Shifted, 'length', { value: 7, configurable: true });
  Object.defineProperty(Shifted, 'prototype', { value: TrueDate.prototype, writable: false });
  define(TrueDate.prototype, 'constructor', Shifted);
  for (const [name, value] of [['now', now], ['parse', TrueDate.parse], ['UTC', TrueDate.UTC]]) {
    define(Shifted, name, value);
  }
  define(scope, 'Date', Shifted);

  // What is added to `performance.now()` to get a time of day.
  const origin = scope.Performance && Object.getOwnPropertyDescriptor(Performance.prototype, 'timeOrigin');
  if (origin && origin.get) {
    Object.defineProperty(Performance.prototype, 'timeOrigin', {
      ...origin, get() { return Reflect.apply(origin.get, this, []) + ahead; },
    });
  }
  // Formatting without a time formats "now".
  const formats = Intl.DateTimeFormat.prototype;
  const format = Object.getOwnPropertyDescriptor(formats, 'format');
  Object.defineProperty(formats, 'format', {
    ...format,
    get() {
      const bound = Reflect.apply(format.get, this, []);
      return (time) => bound(time === undefined ? now() : time);
    },
  });
  const { formatToParts } = formats;
  define(formats, 'formatToParts', function formatToParts_(time) {
    return Reflect.apply(formatToParts, this, [time === undefined ? now() : time]);
  });
  if (scope.Temporal) {
    const { Instant, Now } = scope.Temporal;
    const instant = () => Instant.fromEpochMilliseconds(now());
    const zoned = (zone) => instant().toZonedDateTimeISO(zone === undefined ? Now.timeZoneId() : zone);
    for (const [name, value] of Object.entries({
      instant,
      zonedDateTimeISO: zoned,
      plainDateTimeISO: (zone) => zoned(zone).toPlainDateTime(),
      plainDateISO: (zone) => zoned(zone).toPlainDate(),
      plainTimeISO: (zone) => zoned(zone).toPlainTime(),
    })) define(Now, name, value);
  }

  // A 32-bit generator (Mulberry32), begun with the time.
  let state = at >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  Math.random = function random() { return next() / 4294967296; };
  if (!scope.Crypto) return;
  const { getRandomValues, randomUUID } = Crypto.prototype;
  define(Crypto.prototype, 'getRandomValues', function (array) {
    // What it refuses stays refused.
    const filled = Reflect.apply(getRandomValues, this, [array]);
    const bytes = new Uint8Array(filled.buffer, filled.byteOffset, filled.byteLength);
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = next() >>> 24;
    return filled;
  });
  if (randomUUID) {
    define(Crypto.prototype, 'randomUUID', function () {
      Reflect.apply(randomUUID, this, []);
      const digits = Array.from({ length: 32 }, () => next() >>> 28);
      digits[12] = 4;
      digits[16] = 8 | (digits[16] & 3);
      const text = digits.map((digit) => digit.toString(16)).join('');
      return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    });
  }
}
