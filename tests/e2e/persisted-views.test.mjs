// view({ persist }) with a store that the test makes up; on the client in memory, and on sockets that it makes up.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { api } from "./support/api.mjs";
import { Backend } from "./support/map-backend.mjs";
import { packageDir } from "./support/paths.mjs";

const { createStorage, indexedDBStorage } = await import(
  pathToFileURL(join(packageDir, "offline.js")).href
);

/** @type {any[]} */
const clients = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

/** @type {unknown[][]} */
const logged = [];
const logger = {
  /** @param {unknown[]} values */
  warn: (...values) => logged.push(values),
};

/** @param {object} [options] */
function newClient(options) {
  const client = api.createClient({ transport: "memory", logger, ...options });
  clients.push(client);
  logged.length = 0;
  return client;
}

/** A client with a bucket of these entries. @param {Record<string, unknown>} content @param {object} [options] */
async function filled(content, options) {
  const client = newClient(options);
  await client.kv().createBucket({ name: "b" });
  const bucket = client.kv().bucket("b", { decode: "json" });
  for (const [key, value] of Object.entries(content)) await bucket.put(key, value);
  return bucket;
}

/** @param {any} view */
const content = (view) =>
  Object.fromEntries(
    view
      .entries()
      .map((/** @type {any} */ { key, value }) => [key, value])
      .sort(),
  );

/** Until a view has a status. @param {any} view @param {string} status @returns {Promise<void>} */
const until = (view, status) =>
  new Promise((resolve) => {
    const look = () => {
      if (view.status === status) resolve();
    };
    view.subscribe(look);
    look();
  });

/** A client whose watches never connect. */
const unreachable = { transport: undefined, serverUrl: "http://127.0.0.1:9", retry: false };

test("a view shows at once what an earlier one stored, as stale, and then what the server has", async () => {
  const backend = new Backend();
  const storage = createStorage({ name: "n", scope: "alice", backend });
  const bucket = await filled({ a: 1, b: 2, c: 3 });
  const first = bucket.view({ persist: storage });
  assert.equal(first.status, "loading");
  await first.ready;
  assert.equal(first.status, "ready");
  await bucket.put("d", 4);
  await backend.stores(4);
  first.stop();

  const again = await filled({ z: 1, a: 10, c: 3 });
  const second = again.view({ persist: storage });
  /** @type {[string, object][]} */
  const shown = [];
  second.subscribe(() => shown.push([second.status, content(second)]));
  await until(second, "ready");
  assert.deepEqual(content(second), { a: 10, c: 3, z: 1 });
  await backend.stores(3);
  second.stop();
});

/** A view of a client that reaches no server, of these stored values. @param {Record<string, string>} values */
async function offlineView(values) {
  const backend = new Backend();
  const id = JSON.stringify([
    unreachable.serverUrl,
    undefined,
    undefined,
    "b",
    [undefined],
    "json",
  ]);
  await backend.write("alice", id, {
    put: Object.entries(values).map(([key, text]) => {
      return { key, revision: 5, bytes: new TextEncoder().encode(text) };
    }),
    remove: [],
    meta: { version: 1, freshAsOf: 1 },
    known: false,
  });
  const bucket = newClient(unreachable).kv().bucket("b", { decode: "json" });
  const view = bucket.view({ persist: createStorage({ name: "n", scope: "alice", backend }) });
  await view.ready;
  return view;
}

test("offline, a stored view is ready and stale, can be read, and rolls mutations back", async () => {
  const view = await offlineView({ a: "1" });
  assert.equal(view.status, "stale");
  const value = () => view.get("a")?.value;
  const entry = view.get("a");
  assert.deepEqual({ ...entry }, { key: "a", value: 1, revision: 5 });
  const mutated = view.mutate("a", (/** @type {any} */ current) => current.value + 1);
  assert.equal(value(), 2);
  await assert.rejects(mutated, { code: "REQUEST_FAILED" });
  assert.equal(value(), 1);
  view.stop();
  assert.equal(view.status, "closed");
  assert.equal(value(), 1);
});

describe("what is stored is never shown", () => {
  /** @type {[string, (backend: Backend) => any][]} */
  const cases = [
    [
      "in another scope",
      (backend) => ({ storage: createStorage({ name: "n", scope: "bob", backend }) }),
    ],
    ["in another environment", () => ({ options: { environment: "other" } })],
    ["in another bucket", () => ({ bucket: "b2" })],
    ["with another decode", () => ({ decode: "text" })],
    ["for other keys", () => ({ key: "a" })],
  ];
  for (const [what, change] of cases) {
    test(what, async () => {
      const backend = new Backend();
      const storage = createStorage({ name: "n", scope: "alice", backend });
      const bucket = await filled({ a: 1 });
      await bucket.view({ persist: storage }).ready;
      await backend.stores(1);
      const other = change(backend);
      const client = newClient(other.options);
      const name = other.bucket ?? "b";
      await client.kv().createBucket({ name });
      const view = client
        .kv()
        .bucket(name, { decode: other.decode ?? "json" })
        .view({ key: other.key, persist: other.storage ?? storage });
      /** @type {string[]} */
      const statuses = [];
      view.subscribe(() => statuses.push(view.status));
      await view.ready;
      assert.deepEqual([view.status, view.size, statuses.includes("stale")], ["ready", 0, false]);
    });
  }

  test("after clear(), of this scope only, also by a view that is still open", async () => {
    const backend = new Backend();
    const [alice, bob] = ["alice", "bob"].map((scope) =>
      createStorage({ name: "n", scope, backend }),
    );
    const bucket = await filled({ a: 1 });
    await bucket.view({ persist: alice }).ready;
    await bucket.view({ persist: bob }).ready;
    await backend.stores(2);
    await alice.clear();
    await backend.stores(1);
    await bucket.put("b", 2);
    await backend.stores(2);
    await alice.clear("bob");
    await backend.stores(0);
    assert.deepEqual(logged, []);
  });

  test("after configure() with another environment, which has its own", async () => {
    const backend = new Backend();
    const storage = createStorage({ name: "n", scope: "alice", backend });
    const bucket = await filled({ a: 1 });
    const view = bucket.view({ persist: storage });
    await view.ready;
    await backend.stores(1);
    const [client] = clients;
    client.configure({ transport: "memory", logger, environment: "two" });
    await client.kv().createBucket({ name: "b" });
    await bucket.put("b", 2);
    await until(view, "ready");
    assert.deepEqual(content(view), { b: 2 });
    await backend.stores(2);
    assert.equal(backend.views.size, 2);
  });
});

describe("without a storage that works, a view works and one warning is logged", () => {
  test("a backend that fails", async () => {
    const backend = new Backend();
    backend.failure = new Error("no room");
    const storage = createStorage({ name: "n", scope: "alice", backend });
    const bucket = await filled({ a: 1 });
    const view = bucket.view({ persist: storage });
    await view.ready;
    await bucket.put("b", 2);
    await view.waitFor(2);
    view.stop();
    assert.deepEqual(content(view), { a: 1, b: 2 });
    assert.deepEqual(logged, [
      ["a view is not persisted, because its storage failed", backend.failure],
    ]);
  });

  test("no IndexedDB", async () => {
    const bucket = await filled({ a: 1 });
    const storage = indexedDBStorage({ name: "n", scope: "alice" });
    const view = bucket.view({ persist: storage });
    await view.ready;
    assert.equal(view.size, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(logged.length, 1);
  });

  test("a storage whose open() throws", async () => {
    const open = () => {
      throw new Error("broken");
    };
    const view = (await filled({ a: 1 })).view(/** @type {any} */ ({ persist: { open } }));
    await view.ready;
    assert.equal(view.size, 1);
    assert.deepEqual(logged, [["a view is not persisted", new Error("broken")]]);
  });

  test("a value that does not decode is left out", async () => {
    const view = await offlineView({ a: "no json", b: "2" });
    assert.deepEqual([view.status, view.keys()], ["stale", ["b"]]);
  });
});

test("bad options are a ValidationError", () => {
  const backend = new Backend();
  for (const options of [
    undefined,
    {},
    { name: "n" },
    { name: "", scope: "a" },
    { name: "n", scope: 1 },
  ]) {
    for (const create of [indexedDBStorage, createStorage])
      assert.throws(() => create(options && { ...options, backend }), { code: "VALIDATION_ERROR" });
  }
  const bucket = newClient().kv().bucket("b");
  for (const persist of [true, {}, "storage", [], { open: 1 }]) {
    assert.throws(() => /** @type {any} */ (bucket).view({ persist }), {
      code: "VALIDATION_ERROR",
      message: /persist must be a storage of @ironflow\/browser\/offline/,
    });
  }
  assert.throws(() => createStorage({ name: "n", scope: "a", backend: {} }), {
    code: "VALIDATION_ERROR",
    message: /backend\.read must be a function/,
  });
});

test("an application that does not import the storages does not get them", () => {
  assert.doesNotMatch(readFileSync(join(packageDir, "client.js"), "utf8"), /indexedDB|KeptView/);
});
