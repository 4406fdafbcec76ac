// What helps with first mistakes: problems without onError, callbacks that are misspelt, handles in the
// proxies of frameworks and in console.log.

import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { api } from "./support/api.mjs";
import { settled } from "./support/watched.mjs";

const real = { error: console.error, warn: console.warn };
afterEach(() => Object.assign(console, real));

/** @param {object} [options] */
function inMemory(options) {
  const client = api.createClient({ transport: "memory", memory: { buckets: ["b"] }, ...options });
  return { client, kv: client.kv(), bucket: client.kv().bucket("b") };
}

describe("a problem of a watch", () => {
  /** What the console is given. */
  function logged() {
    /** @type {any[][]} */
    const lines = [];
    console.error = console.warn = (/** @type {any[]} */ ...line) => lines.push(line);
    return lines;
  }
  /** A watch of a bucket that does not exist, to its end. @param {object} [options] @param {object} [callbacks] */
  async function failing(options, callbacks) {
    const { kv } = inMemory(options);
    await new Promise((resolve) => {
      const onClose = () => resolve(undefined);
      kv.bucket("missing").watch({ onUpdate() {}, onClose, ...callbacks });
    });
  }

  test("is on the console where there is no onError", async () => {
    const lines = logged();
    await failing();
    assert.equal(lines.length, 1);
    assert.match(String(lines[0]?.[0]), /watch without onError/);
    assert.equal(lines[0]?.[1].code, "HTTP_404");
  });

  test("is for onError alone where there is one", async () => {
    const lines = logged();
    /** @type {any[]} */
    const errors = [];
    await failing({}, { onError: (/** @type {unknown} */ error) => errors.push(error) });
    assert.deepEqual([lines.length, errors.length], [0, 1]);
  });

  test("is for the logger where one is configured, and for none with false", async () => {
    const lines = logged();
    /** @type {any[][]} */
    const own = [];
    await failing({ logger: { error: (/** @type {any[]} */ ...line) => own.push(line) } });
    await failing({ logger: false });
    assert.deepEqual([lines.length, own.length], [0, 1]);
  });

  test("is thrown by an iteration, and not logged", async () => {
    const lines = logged();
    const watcher = inMemory().kv.bucket("missing").watch();
    await assert.rejects(async () => {
      for await (const event of watcher) assert.fail(String(event));
    });
    assert.equal(lines.length, 0);
  });
});

describe("callbacks that are none", () => {
  const f = () => {};
  /** @type {[unknown[], RegExp][]} */
  const mistakes = [
    [[f], /watch\(\{ onUpdate: callback \}\)/],
    [[f, { key: "a" }], /watch\(\{ onUpdate: callback \}\)/],
    [["user.*", f], /watch\(\{ onUpdate \}, \{ key \}\)/],
    [["user.*"], /watch\(\{ onUpdate \}, \{ key \}\)/],
    [[{ onupdate: f }], /unknown callback onupdate: did you mean onUpdate/],
    [[{ onUpdate: f, onready: f }], /unknown callback onready: did you mean onReady/],
    [[{ onChange: f }], /did you mean onUpdate/],
    [[{ onMessage: f }, { key: "a" }], /did you mean onUpdate/],
    [[{ onErr: f }], /did you mean onError/],
    [[{ onDisconnect: f }], /did you mean onClose/],
    [[{ onStatus: f }], /did you mean onStateChange/],
    [[{ onUpdate: f, key: "a" }], /key is an option/],
    [[{ onUpdate: f, initial: true }], /initial is an option/],
  ];
  for (const [given, message] of mistakes)
    test(`${inspect(given)} is a ValidationError that says what to do`, () => {
      const { bucket } = inMemory();
      const watch = () => /** @type {any} */ (bucket).watch(...given);
      assert.throws(watch, { name: "ValidationError", message });
    });

  test("objects with callbacks and more of their own are fine", async () => {
    const { bucket, client } = inMemory();
    class Component {
      key = "its own";
      helper = () => {};
      onUpdate() {}
    }
    bucket.watch(new Component());
    bucket.watch(/** @type {any} */ ({ onUpdate() {}, helper() {} }));
    client.disconnect();
  });
});

describe("clients, buckets, watchers, views and snapshots", () => {
  async function handles() {
    const { bucket, client } = inMemory();
    await bucket.put("k", "1");
    const view = bucket.view();
    await view.ready;
    const watcher = bucket.watch({ onUpdate() {} });
    await watcher.ready;
    return { bucket, client, view, watcher, snapshot: view.getSnapshot() };
  }
  /** As a framework that copies own members. @param {object} handle */
  function copied(handle) {
    const copy = Object.create(Object.getPrototypeOf(handle));
    for (const name of Reflect.ownKeys(handle)) {
      const { value, writable } = Object.getOwnPropertyDescriptor(handle, name) ?? {};
      if (writable) copy[name] = value;
    }
    return copy;
  }
  for (const [what, wrap] of /** @type {[string, (handle: any) => any][]} */ ([
    ["inside a proxy", (handle) => new Proxy(handle, {})],
    ["copied", copied],
  ])) {
    test(`work ${what}`, async () => {
      const made = await handles();
      const { bucket, client, view, watcher, snapshot } = Object.fromEntries(
        Object.entries(made).map(([name, handle]) => [name, wrap(handle)]),
      );
      for (const content of [view, snapshot]) {
        assert.deepEqual([content.size, content.status, content.keys()], [1, "ready", ["k"]]);
        assert.equal(content.entries()[0].revision, 1);
      }
      assert.equal(view.getSnapshot(), made.snapshot);
      assert.equal(bucket.name, "b");
      assert.equal((await bucket.get("k")).revision, 1);
      assert.equal(watcher.state, "connected");
      await watcher.ready;
      watcher.stop();
      view.stop();
      await settled();
      assert.deepEqual([view.status, watcher.state], ["closed", "disconnected"]);
      client.disconnect();
    });
  }

  test("are of a kind of their own, which reactive proxies leave alone", async () => {
    const { client, view, watcher, snapshot } = await handles();
    const kinds = [view, watcher, snapshot].map((handle) => Object.prototype.toString.call(handle));
    assert.deepEqual(kinds, ["[object KVView]", "[object KVWatcher]", "[object KVViewSnapshot]"]);
    client.disconnect();
  });

  test("show what they hold in console.log", async () => {
    const { client, view, watcher, snapshot } = await handles();
    assert.match(inspect(watcher), /^KVWatcher \{ bucket: 'b', state: 'connected' \}$/);
    for (const [name, handle] of Object.entries({ KVView: view, KVViewSnapshot: snapshot }))
      assert.match(
        inspect(handle),
        new RegExp(`^${name} \\{[^]*status: 'ready'[^]*size: 1[^]*key: 'k'`),
      );
    client.disconnect();
  });
});
