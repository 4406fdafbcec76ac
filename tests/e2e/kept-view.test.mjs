// What a storage keeps of a view, with random changes, tabs, failures and ends; on a store that the test makes up.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

/** @typedef {{ revision: number, bytes(): Uint8Array }} Entry */

const { KeptView } = await import(new URL("../../pkg-template/kept-view.js", import.meta.url).href);

/** A store, and the lock of its writer. */
class Store {
  /** @type {{ meta: any, records: Map<string, any> } | undefined} */
  kept;
  held = false;
  /** @type {(() => void)[]} */
  waiting = [];
  /** @type {Error | undefined} */
  failure;
  reads = 0;
  /** @type {any[]} */
  batches = [];

  async read() {
    if (this.failure) throw this.failure;
    this.reads += 1;
    return this.kept && { meta: this.kept.meta, records: [...this.kept.records.values()] };
  }

  /** @param {any} batch */
  async write(batch) {
    const { put, remove, meta, known } = batch;
    if (this.failure) throw this.failure;
    if (known && !this.kept) return false;
    this.batches.push(batch);
    this.kept ??= { meta, records: new Map() };
    this.kept.meta = meta;
    for (const record of put) this.kept.records.set(record.key, record);
    for (const key of remove) this.kept.records.delete(key);
    return true;
  }

  async clear() {
    this.kept = undefined;
  }

  /** @param {boolean} wait @returns {Promise<(() => void) | undefined>} */
  async acquire(wait) {
    if (this.held && !wait) return undefined;
    if (this.held) await new Promise((resolve) => this.waiting.push(() => resolve(undefined)));
    this.held = true;
    return () => {
      this.held = false;
      this.waiting.shift()?.();
    };
  }

  forget() {}
}

/** @param {number} revision @returns {Entry} */
const entry = (revision) => ({ revision, bytes: () => new Uint8Array([revision]) });

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Until the writes that were scheduled are over. */
const written = () => new Promise((resolve) => setTimeout(resolve, 150));

/** A view of a tab. @param {Store} store */
async function openTab(store) {
  const tab = {
    /** @type {Map<string, number> | undefined} */
    loaded: undefined,
    freshAsOf: 0,
    /** @type {unknown[]} */
    warnings: [],
    /** @type {any} */
    kept: undefined,
  };
  tab.kept = new KeptView(store, (/** @type {unknown[]} */ ...warning) =>
    tab.warnings.push(warning),
  );
  tab.kept.open((/** @type {any[]} */ records, /** @type {number} */ freshAsOf) => {
    tab.loaded = new Map(records.map(({ key, revision }) => [key, revision]));
    tab.freshAsOf = freshAsOf;
  });
  await turn();
  return tab;
}

/** @param {Store} store */
const stored = (store) =>
  store.kept && [...store.kept.records.values()].map(({ key, revision }) => [key, revision]).sort();

test("stores when the view was last complete, not when that is written", async () => {
  const storage = {
    acquire: async () => () => {},
    read: async () => undefined,
    forget() {},
    freshAsOf: () => 1234,
    write: async (/** @type {any} */ batch) => {
      written.push(batch.meta.freshAsOf);
      return true;
    },
  };
  /** @type {number[]} */
  const written = [];
  const kept = new KeptView(storage, assert.fail);
  await kept.open(() => undefined);
  kept.synced(new Map());
  kept.close();
  await new Promise((next) => setImmediate(next));
  assert.deepEqual(written, [1234]);
});

test("a view that is closed is complete in the store, and the next one shows it", async () => {
  const store = new Store();
  const first = await openTab(store);
  assert.equal(first.loaded, undefined);
  const before = Date.now();
  first.kept.synced(
    new Map([
      ["a", entry(1)],
      ["b", entry(2)],
    ]),
  );
  first.kept.update("b", undefined);
  first.kept.update("c", entry(4));
  first.kept.close();
  await turn();
  assert.equal(store.batches.length, 1, "one batch");
  const second = await openTab(store);
  assert.deepEqual(
    second.loaded,
    new Map([
      ["a", 1],
      ["c", 4],
    ]),
  );
  assert.ok(second.freshAsOf >= before);
  second.kept.synced(
    new Map([
      ["a", entry(1)],
      ["d", entry(5)],
    ]),
  );
  second.kept.close();
  await turn();
  const [, batch] = store.batches;
  assert.deepEqual([batch.put.length, batch.remove], [1, ["c"]], "only what differs");
  assert.deepEqual(stored(store), [
    ["a", 1],
    ["d", 5],
  ]);
});

test("closing during a write writes the rest after it", async () => {
  const store = new Store();
  const tab = await openTab(store);
  const { write } = store;
  /** @type {() => void} */
  let finish = () => {};
  store.write = async (batch) => {
    await new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    return write.call(store, batch);
  };
  tab.kept.synced(new Map([["a", entry(1)]]));
  await written();
  tab.kept.update("b", entry(2));
  tab.kept.close();
  store.write = write;
  assert.equal(store.held, true);
  finish();
  await turn();
  assert.deepEqual(stored(store)?.length, 2);
  assert.equal(store.held, false);
});

test("nothing is written before all entries have arrived", async () => {
  const store = new Store();
  const tab = await openTab(store);
  tab.kept.update("a", entry(1));
  await written();
  tab.kept.close();
  await turn();
  assert.equal(store.kept, undefined);
});

test("one tab writes at a time; the next one takes over with what it has", async () => {
  const store = new Store();
  const first = await openTab(store);
  first.kept.synced(new Map([["a", entry(1)]]));
  await written();
  const second = await openTab(store);
  assert.deepEqual(second.loaded, new Map([["a", 1]]));
  second.kept.synced(new Map([["a", entry(2)]]));
  second.kept.update("b", entry(3));
  await written();
  assert.deepEqual(stored(store), [["a", 1]], "the first one writes");
  first.kept.close();
  await written();
  assert.deepEqual(stored(store), [
    ["a", 2],
    ["b", 3],
  ]);
  second.kept.close();
});

test("what was cleared stays cleared", async () => {
  const store = new Store();
  const tab = await openTab(store);
  tab.kept.synced(new Map([["a", entry(1)]]));
  await written();
  await store.clear();
  tab.kept.update("b", entry(2));
  await written();
  tab.kept.update("c", entry(3));
  tab.kept.close();
  await turn();
  assert.equal(store.kept, undefined);
  assert.deepEqual(tab.warnings, []);
});

test("a store that fails is one warning, and its lock is released", async () => {
  for (const when of ["reading", "writing"]) {
    const store = new Store();
    if (when === "reading") store.failure = new Error("broken");
    const tab = await openTab(store);
    store.failure = new Error("broken");
    tab.kept.synced(new Map([["a", entry(1)]]));
    await written();
    tab.kept.update("b", entry(2));
    tab.kept.close();
    await turn();
    assert.equal(tab.warnings.length, 1, when);
    assert.deepEqual([tab.loaded, store.held], [undefined, false], when);
  }
});

const meta = { version: 1, freshAsOf: 1 };
const good = { key: "a", revision: 1, bytes: new Uint8Array() };
for (const [what, found] of /** @type {[string, any][]} */ ([
  ["of another version", { meta: { version: 2, freshAsOf: 1 }, records: [good] }],
  ["without a time", { meta: { version: 1 }, records: [good] }],
  ["with a record of another form", { meta, records: [good, { ...good, key: 1 }] }],
  ["with a revision that is none", { meta, records: [{ ...good, revision: "1" }] }],
  ["with bytes that are none", { meta, records: [{ ...good, bytes: "a" }] }],
  ["that is no list", { meta, records: "a" }],
])) {
  test(`what is stored ${what} is not shown, and is replaced`, async () => {
    const store = new Store();
    const { read } = store;
    store.read = async () => found;
    const tab = await openTab(store);
    store.read = read;
    assert.equal(tab.loaded, undefined);
    tab.kept.synced(new Map([["b", entry(2)]]));
    tab.kept.close();
    await turn();
    assert.deepEqual(stored(store), [["b", 2]]);
    assert.deepEqual(tab.warnings, []);
  });
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ update: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ remove: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.constant({ sync: true }) },
  { weight: 4, arbitrary: fc.constant({ turn: true }) },
  { weight: 1, arbitrary: fc.constant({ close: true }) },
  { weight: 1, arbitrary: fc.constant({ kill: true }) },
);

test("what is stored was the whole view at some time, whenever a tab is killed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const store = new Store();
      /** What the server has. @type {Map<string, Entry>} */
      const server = new Map();
      const shown = () =>
        JSON.stringify([...server].map(([key, { revision }]) => [key, revision]).sort());
      const history = new Set([shown()]);
      let revision = 0;
      let tab = await openTab(store);
      const next = async () => {
        // A killed tab holds no lock, and its timers are gone.
        tab.kept.end();
        store.held = false;
        tab = await openTab(store);
        if (tab.loaded) assert.ok(history.has(JSON.stringify([...tab.loaded].sort())));
      };
      let synced = false;
      for (const what of steps) {
        if ("update" in what) {
          revision += 1;
          server.set(`k${what.update}`, entry(revision));
          history.add(shown());
          if (synced) tab.kept.update(`k${what.update}`, server.get(`k${what.update}`));
        } else if ("remove" in what) {
          server.delete(`k${what.remove}`);
          history.add(shown());
          if (synced) tab.kept.update(`k${what.remove}`, undefined);
        } else if ("sync" in what) {
          tab.kept.synced(server);
          synced = true;
        } else if ("turn" in what) {
          await turn();
        } else {
          if ("close" in what) tab.kept.close();
          await ("close" in what ? turn() : undefined);
          if ("close" in what && synced) assert.deepEqual(JSON.stringify(stored(store)), shown());
          await next();
          synced = false;
        }
      }
      await next();
      tab.kept.end();
      assert.deepEqual(tab.warnings, []);
    }),
    { numRuns: 300 },
  );
});
