// The monotonic clock: every duration (time limits, retries, how long a page was hidden) is measured with
// it, so that a wall clock that is set back or forward changes nothing.

/** The platform's monotonic clock; the wall clock only where there is none. */
function findClock() {
  try {
    const { performance } = globalThis;
    // Kept, so that a double that an app installs later cannot throw into the client.
    const clock = performance.now.bind(performance);
    if (clock() >= 0) return clock;
  } catch {
    // There is none, or it does not work.
  }
  return () => Date.now();
}

const clock = /* @__PURE__ */ findClock();

/** Milliseconds since a fixed moment. Only differences mean something. */
export function now() {
  return clock();
}

/** Milliseconds since 1970. An application's double may throw, or give what no date has. */
export function wallClock() {
  try {
    const milliseconds = Number(Date.now());
    return milliseconds <= 8.64e15 ? milliseconds : 0;
  } catch {
    return 0;
  }
}
