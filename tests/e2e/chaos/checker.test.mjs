// The checker itself: it finds nothing wrong with logs that keep the promises, and rejects the others.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Checker, format } from "./checker.mjs";
import { matches } from "./ledger.mjs";

/** @typedef {import("./ledger.mjs").WatcherEvent} WatcherEvent */

/** @param {string} key @param {number} revision @param {string} [value] @returns {WatcherEvent} */
const put = (key, revision, value = `${key}@${revision}`) => ({
  what: "update",
  ...{ key, revision, value, operation: "put", resynced: false },
});

/** @param {string} key @param {number} revision @param {boolean} [resynced] @returns {WatcherEvent} */
const removed = (key, revision, resynced = false) => ({
  what: "update",
  ...{ key, revision, value: "", operation: "delete", resynced },
});

/** @param {string} key @param {number} revision @returns {WatcherEvent} */
const resynced = (key, revision) => ({
  what: "update",
  ...{ key, revision, value: `${key}@${revision}`, operation: "put", resynced: true },
});

/** @type {WatcherEvent} */
const ready = { what: "ready" };
/** @type {WatcherEvent} */
const closed = { what: "closed" };
/** A call of stop(). @type {WatcherEvent[]} */
const stop = [{ what: "stopping" }, { what: "stopped" }];
/** @param {string} code @param {boolean} retryable @returns {WatcherEvent} */
const error = (code, retryable) => ({ what: "error", code, retryable });

/** What a bucket holds. @param {[string, number][]} entries */
const state = (...entries) =>
  new Map(entries.map(([key, revision]) => [key, { revision, value: `${key}@${revision}` }]));

/**
 * A checker that has seen one watcher's log.
 *
 * @param {WatcherEvent[]} log
 * @param {object} [options]
 * @param {boolean} [options.initial]
 * @param {string[]} [options.patterns]
 * @param {number} [options.revision] how far the bucket was at most throughout
 * @param {[number, string][]} [options.written]
 * @param {string} [options.end]
 */
function seen(log, { initial = false, patterns = [">"], revision = 0, written = [], end } = {}) {
  const checker = new Checker();
  for (const [at, what] of written) checker.written.set(at, what);
  checker.begin({ name: "w", patterns, initial });
  if (end) checker.expectEnd(end);
  for (const event of log) checker.take("w", event, revision);
  return checker;
}

/** @param {Parameters<typeof seen>} args */
const violations = (...args) => seen(...args).violations.map(format);

/** @param {Map<string, { revision: number, value: string }>} bucket @param {Parameters<typeof seen>} args */
const missing = (bucket, ...args) =>
  seen(...args)
    .missing(bucket)
    .map(format);

describe("a log that keeps the promises", () => {
  test("breaks none", () => {
    const log = [
      ...[ready, put("a", 1), put("b", 2), put("a", 5), removed("a", 7), put("a", 8)],
      ...[error("CONNECTION_LOST", true), resynced("b", 9), removed("a", 8, true), put("a", 12)],
      ...[...stop, closed],
    ];
    assert.deepEqual(violations(log), []);
    assert.deepEqual(missing(state(["a", 12], ["b", 9]), log.slice(0, -3)), []);
  });

  test("may contain a resynced delete of an unknown key, and a newer one", () => {
    assert.deepEqual(
      violations([ready, removed("a", 3, true), put("a", 4), removed("a", 6, true)]),
      [],
    );
  });

  test("may say nothing of a key that is gone", () => {
    assert.deepEqual(missing(state(), [ready], { initial: true }), []);
    assert.deepEqual(missing(state(), [ready, put("a", 1), removed("a", 2)]), []);
    assert.deepEqual(missing(state(), [ready, put("a", 1), removed("a", 1, true)]), []);
  });

  test("may say nothing of a key written before a watcher without initial was ready", () => {
    assert.deepEqual(missing(state(["a", 4]), [ready], { revision: 4 }), []);
    assert.deepEqual(missing(state(["a", 4]), []), [], "it is not even ready");
  });

  test("may say nothing of a key that the filter does not match", () => {
    assert.deepEqual(missing(state(["b.a", 4]), [ready], { patterns: ["a.*"], initial: true }), []);
  });

  test("may end within stop(), or after it", () => {
    const [stopping, stopped] = stop;
    assert.deepEqual(
      violations([ready, stopping, closed, stopped].flatMap((one) => one ?? [])),
      [],
    );
    assert.deepEqual(violations([ready, ...stop, closed]), []);
  });

  test("ends once it has to", () => {
    const log = [ready, error("HTTP_404", false), closed];
    assert.deepEqual(violations(log, { end: "HTTP_404" }), []);
  });
});

describe("a lost final state is found:", () => {
  /** @type {[string, WatcherEvent[], Map<string, any>, object?][]} */
  const cases = [
    ["a later put", [ready, put("a", 1)], state(["a", 2])],
    ["a delete", [ready, put("a", 1)], state()],
    ["a put after a delete", [ready, removed("a", 1)], state(["a", 2])],
    ["the first put", [ready], state(["a", 2]), { revision: 1 }],
    ["an initial value", [ready], state(["a", 2]), { initial: true, revision: 5 }],
    ["another value", [ready, put("a", 2, "not this")], state(["a", 2])],
    [
      "a resynced delete that was none",
      [ready, put("a", 2), removed("a", 2, true)],
      state(["a", 2]),
    ],
  ];
  for (const [what, log, bucket, options] of cases) {
    test(what, () => {
      assert.equal(missing(bucket, log, options).length, 1);
    });
  }

  test("of each watcher, unless it has ended", () => {
    const checker = new Checker();
    for (const name of ["one", "two", "three"]) {
      checker.begin({ name, patterns: [">"], initial: true });
    }
    checker.take("one", put("a", 1));
    for (const event of [...stop, closed]) checker.take("three", event);
    assert.deepEqual(checker.missing(state(["a", 1])).map(format), [
      "two: a is a@1 (1), and its last event is missing",
    ]);
    assert.deepEqual(checker.running, ["one", "two"]);
  });
});

describe("a broken promise is found:", () => {
  /** @type {[string, WatcherEvent[], object?][]} */
  const cases = [
    ["a revision that comes twice", [put("a", 3), put("a", 3)]],
    ["one that comes again by a resync", [put("a", 3), resynced("a", 3)]],
    ["a revision that decreases", [put("a", 3), put("a", 2)]],
    ["one that decreases by a resync", [put("a", 3), removed("a", 2, true)]],
    ["an old put after a resynced delete", [put("a", 3), removed("a", 3, true), put("a", 3)]],
    ["a resynced delete that comes twice", [put("a", 3), ...Array(2).fill(removed("a", 3, true))]],
    ["a delete at the put's revision", [put("a", 3), removed("a", 3)]],
    ["an event after stop()", [...stop, put("a", 1)]],
    ["an event after onClose", [...stop, closed, put("a", 1)]],
    ["an error after onClose", [...stop, closed, error("CONNECTION_LOST", true)]],
    ["a state after onClose", [...stop, closed, { what: "state", state: "connecting" }]],
    ["readiness after onClose", [...stop, closed, ready]],
    ["an error after stop()", [...stop, error("CONNECTION_LOST", true)]],
    ["onClose twice", [...stop, closed, closed]],
    ["an end without a reason", [ready, closed]],
    ["an end with a passing error", [error("CONNECTION_LOST", true), closed]],
    ["an end that was not to be", [error("HTTP_404", false), closed]],
    ["an end with another error", [error("HTTP_404", false), closed], { end: "UNAUTHENTICATED" }],
    ["an event after the final error", [error("HTTP_404", false), put("a", 1)]],
    ["a key of another filter", [put("b.a", 1)], { patterns: ["a.*", "b"] }],
    ["a value that was not written", [put("a", 1)], { written: [[1, "a something else"]] }],
    ["a put of another key", [put("a", 1)], { written: [[1, "b a@1"]] }],
    ["a delete that was a put", [removed("a", 1)], { written: [[1, "a a@1"]] }],
    ["readiness twice", [ready, ready]],
  ];
  for (const [what, log, options] of cases) {
    test(what, () => {
      assert.equal(violations(log, options).length, 1);
    });
  }

  test("but the same revision of another key is none", () => {
    assert.deepEqual(violations([put("a", 3), put("b", 3)]), []);
  });
});

test("patterns match as the protocol says", () => {
  /** @type {[string, string, boolean][]} */
  const cases = [
    ["a.b", "a.b", true],
    ["a.b", "a", false],
    ["*", "a", true],
    ["*", "a.b", false],
    ["a.*", "a.b", true],
    ["a.*", "a.b.c", false],
    ["*.b", "a.b", true],
    ["a.>", "a", false],
    ["a.>", "a.b.c", true],
    [">", "a.b", true],
  ];
  for (const [pattern, key, expected] of cases) {
    assert.equal(matches(pattern, key), expected, `${pattern} and ${key}`);
  }
});

test("the trace gives what led to a finding", () => {
  const checker = seen([put("a", 1), put("b", 2), put("a", 1)]);
  checker.trace.add("fault", "cut");
  checker.trace.add("other", "put of a", { watcher: "other", key: "a" });
  const [finding] = checker.violations;
  assert.ok(finding);
  const lines = checker.trace.last(50, finding);
  assert.deepEqual(
    lines.map((line) => line.replace(/^ *[\d.]+ /, "")),
    ["w: put of a (1) a@1", "w: put of a (1) a@1", "fault: cut"],
  );
  assert.equal(checker.trace.last(2).length, 2);
});
