// A monotonic clock that a test can set forward. The package keeps the clock it finds when it is imported:
// import this first.

const now = performance.now.bind(performance);
let offset = 0;
performance.now = () => now() + offset;

/** @param {number} milliseconds */
export function advance(milliseconds) {
  offset += milliseconds;
}
