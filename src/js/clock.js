// The monotonic clock: every duration (time limits, retries, how long a page was hidden) is measured with
// it, so that a wall clock that is set back or forward changes nothing.

/** The platform's monotonic clock, or the wall clock if there is none. */
function findClock() {
  try {
    const { performance } = globalThis;
    // Keep the original, so that a test double installed later cannot throw into the client.
    const clock = performance.now.bind(performance);
    if (clock() >= 0) return clock;
  } catch {
    // The clock is missing or does not work.
  }
  return () => Date.now();
}

const clock = /* @__PURE__ */ findClock();

/** Milliseconds since an arbitrary moment. Only differences are meaningful. */
export function now() {
  return clock();
}

/** The current moment: `at` on the monotonic clock, `wall` for what is shown. */
export const mark = () => ({ at: now(), wall: wallClock() });

/** Milliseconds since 1970. A test double may throw, or return an invalid date. */
export function wallClock() {
  try {
    const milliseconds = Number(Date.now());
    return milliseconds <= 8.64e15 ? milliseconds : 0;
  } catch {
    return 0;
  }
}
