// The entries of a view and their versions, with random changes; and that a version costs what changes after it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";

/** @typedef {{ revision: number }} Entry */

const { Entries } = await import(new URL("../../src/js/view-entries.js", import.meta.url).href);

const KEYS = Array.from({ length: 12 }, (_, n) => `key-${n}`);

/** @param {any} version @param {Map<string, Entry>} expected */
function assertSame(version, expected) {
  assert.equal(version.size, expected.size);
  for (const key of [...KEYS, "other-0"]) assert.equal(version.get(key), expected.get(key), key);
}

const change = fc.oneof(
  { weight: 30, arbitrary: fc.record({ put: fc.constantFrom(...KEYS) }) },
  { weight: 15, arbitrary: fc.record({ remove: fc.constantFrom(...KEYS) }) },
  { weight: 40, arbitrary: fc.constant({ take: true }) },
  { weight: 1, arbitrary: fc.record({ copy: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ replace: fc.subarray(KEYS) }) },
);

const size = fc.constantFrom(0, 20, 200, 1000);

test("every version shows the entries of its time, whatever changes and is read after it", () => {
  fc.assert(
    fc.property(size, fc.array(change, { size: "max", maxLength: 400 }), (others, changes) => {
      const entries = new Entries();
      /** @type {Map<string, Entry>} */
      let model = new Map();
      // Keys that do not change: the more there are, the later a version is copied.
      for (let n = 0; n < others; n += 1) {
        model.set(`other-${n}`, { revision: 0 });
        entries.set(`other-${n}`, model.get(`other-${n}`));
      }
      /** @type {{ version: any, expected: Map<string, Entry> }[]} */
      const taken = [];
      let revision = 0;
      const next = () => {
        revision += 1;
        return { revision };
      };
      for (const step of changes) {
        if ("put" in step) {
          const entry = next();
          model.set(step.put, entry);
          entries.set(step.put, entry);
        } else if ("remove" in step) {
          model.delete(step.remove);
          entries.set(step.remove);
        } else if ("copy" in step) {
          const old = taken[step.copy];
          if (old) assert.deepEqual(old.version.toMap(), old.expected);
        } else if ("replace" in step) {
          model = new Map(step.replace.map((key) => [key, next()]));
          entries.replace(new Map(model));
        } else {
          taken.push({ version: entries.version(), expected: new Map(model) });
        }
        assertSame(entries, model);
      }
      for (const { version, expected } of taken) assertSame(version, expected);
      for (const { version, expected } of taken) assert.deepEqual(version.toMap(), expected);
      assert.deepEqual(entries.toMap(), model);
    }),
    { numRuns: 100 },
  );
});

test("a version is the same until an entry changes", () => {
  const entries = new Entries();
  entries.set("a", { revision: 1 });
  const version = entries.version();
  assert.equal(entries.version(), version);
  entries.set("a", { revision: 2 });
  const later = entries.version();
  assert.notEqual(later, version);
  version.toMap();
  assert.equal(entries.version(), later);
});

test("a version is read through many later ones", () => {
  const entries = new Entries();
  for (let n = 0; n < 1000; n += 1) entries.set(`key-${n}`, { revision: n });
  const first = entries.version();
  for (let n = 0; n < 100; n += 1) {
    entries.set(`key-${n}`, { revision: 1000 + n });
    entries.version();
  }
  for (const n of [0, 50, 99, 100, 999]) assert.equal(first.get(`key-${n}`).revision, n);
});

describe("the cost of versions", () => {
  /** Counts the calls of a method of Map, also those of the constructor, while `work` runs. @param {() => void} work */
  function countSets(work) {
    const { set } = Map.prototype;
    let calls = 0;
    Map.prototype.set = function counted(key, value) {
      calls += 1;
      return set.call(this, key, value);
    };
    try {
      work();
    } finally {
      Map.prototype.set = set;
    }
    return calls;
  }

  /** @param {number} size */
  function filled(size) {
    const entries = new Entries();
    for (let n = 0; n < size; n += 1) entries.set(`key-${n}`, { revision: n + 1 });
    return entries;
  }

  /** How many entries a change and a version after it write. @param {number} size @param {boolean} hold */
  function perChange(size, hold) {
    const entries = filled(size);
    /** @type {unknown[]} */
    const held = [entries.version()];
    const changes = size;
    const sets = countSets(() => {
      for (let n = 0; n < changes; n += 1) {
        entries.set(`key-${(n * 7919) % size}`, { revision: size + n });
        const version = entries.version();
        assert.equal(version.get("key-1").revision > 0, true);
        if (hold) held.push(version);
      }
    });
    return sets / changes;
  }

  test("a change and a version cost the same with 1,000 and 100,000 keys", () => {
    for (const hold of [false, true]) {
      const [few, many] = [perChange(1000, hold), perChange(100_000, hold)];
      assert.ok(many <= 16, `${many} entries written per change`);
      assert.ok(many <= 3 * few, `${many} at 100,000 keys, ${few} at 1,000`);
    }
  });

  test("100 changes and versions of 100,000 keys copy nothing", () => {
    const entries = filled(100_000);
    entries.version();
    const sets = countSets(() => {
      for (let n = 0; n < 100; n += 1) {
        entries.set(`key-${n}`, { revision: 200_000 + n });
        entries.version();
      }
    });
    assert.equal(sets, 200);
  });

  test("an old version that is held keeps no more than a copy and an eighth of the entries", () => {
    const entries = filled(1000);
    const first = entries.version();
    for (let n = 0; n < 10_000; n += 1) {
      entries.set(`key-${n % 1000}`, { revision: 1000 + n });
      entries.version();
    }
    let kept = 0;
    for (let version = first; version; version = version.next) {
      kept += version.changed.size + (version.copy?.size ?? 0);
    }
    assert.ok(kept <= 1126, `${kept} entries`);
    assert.equal(first.get("key-5").revision, 6);
  });
});
