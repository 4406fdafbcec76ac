// Version 2 of the watch in the client: what a reconnect costs, one socket for a client, silence, and servers that
// come back with another version.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import WebSocket from "ws";
import { api } from "./support/api.mjs";
import { cutNetwork, until } from "./support/cut-network.mjs";
import { startDevServer } from "./support/dev-server.mjs";
import { startNats } from "./support/nats.mjs";
import { startServer } from "./support/server.mjs";

const network = cutNetwork();

/** @param {string} serverUrl @param {object} [options] */
const clientOf = (serverUrl, options) =>
  api.createClient({
    serverUrl,
    logger: false,
    reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 20 } },
    ...options,
  });

/** A client that writes, beside the one that watches. @param {string} serverUrl @param {object} [options] */
const writer = (serverUrl, options) => clientOf(serverUrl, options).kv();

/**
 * A watch, and what it calls back.
 *
 * @param {import("@ironflow/browser").BrowserKVBucketHandle} bucket
 * @param {import("@ironflow/browser").KVWatchOptions} [options]
 */
function observe(bucket, options) {
  const seen = {
    events: /** @type {string[]} */ ([]),
    errors: /** @type {any[]} */ ([]),
    states: /** @type {string[]} */ ([]),
    closed: false,
    watcher: /** @type {any} */ (undefined),
  };
  seen.watcher = bucket.watch(
    {
      onUpdate: ({ key, operation, revision, resynced }) =>
        seen.events.push(`${operation} ${key} ${revision}${resynced ? " resynced" : ""}`),
      onError: (error) => seen.errors.push(error),
      onStateChange: (state) => seen.states.push(state),
      onClose: () => {
        seen.closed = true;
      },
    },
    options,
  );
  return seen;
}

/** How many of the sockets are not closed. */
const openSockets = () =>
  network.sockets.filter(({ readyState }) => readyState < WebSocket.CLOSING).length;

for (const store of ["memory", "nats", "the development server"]) {
  describe(`a reconnect, on ${store}`, async () => {
    const nats = store === "nats" ? await startNats() : undefined;
    const server = await (store === "the development server"
      ? startDevServer()
      : startServer({ store: nats?.url ?? store }));
    after(async () => {
      await server.stop();
      await nats?.stop();
    });

    test("costs what changed, and no request", async () => {
      const names = Array.from({ length: 1000 }, (_, n) => `key-${1000 + n}`);
      const kv = writer(server.url);
      await kv.createBucket({ name: "large" });
      await Promise.all(names.map((key) => kv.bucket("large").put(key, "first")));
      const written = network.requests;
      const client = clientOf(server.url);
      const view = client.kv().bucket("large").view();
      await view.ready;
      assert.equal(view.size, 1000);
      const plain = observe(client.kv().bucket("large"));
      await plain.watcher.ready;
      assert.equal(network.requests, written);

      network.isCut = true;
      network.sockets.at(-1)?.terminate();
      await until(() => view.state !== "connected");
      for (const key of names.slice(100, 150)) await kv.bucket("large").put(key, "missed");
      await kv.bucket("large").delete("key-1200");
      network.isCut = false;
      await until(() => view.state === "connected" && plain.events.length === 51);
      // Before the socket opened, a failed attempt may have asked why.
      assert.equal(network.requests, network.requestsBefore);
      assert.deepEqual(plain.events[0], "put key-1100 1001 resynced");
      assert.deepEqual(plain.events[50], "delete key-1200 1051 resynced");
      assert.equal(view.size, 999);
      assert.ok(names.slice(100, 150).every((key) => view.get(key)?.text() === "missed"));
      client.disconnect();
    });
  });
}

test("a view says how far it has loaded", async () => {
  const server = await startServer();
  try {
    const kv = writer(server.url);
    await kv.createBucket({ name: "large" });
    const names = Array.from({ length: 1200 }, (_, n) => `key-${n}`);
    await Promise.all(names.map((name) => kv.bucket("large").put(name, 1)));
    const view = clientOf(server.url).kv().bucket("large").view();
    assert.deepEqual(view.progress, { loaded: 0, total: undefined });
    await until(() => network.sockets.length === 1);
    /** @type {object[]} */
    const seen = [];
    network.sockets[0]?.on("message", () => seen.push(view.progress));
    await view.ready;
    assert.deepEqual(view.progress, { loaded: 1200, total: 1200 });
    assert.deepEqual(
      seen.slice(0, 4),
      [0, 500, 1000, 1200].map((loaded) => ({ loaded, total: 1200 })),
    );
    view.stop();
  } finally {
    await server.stop();
  }
});

describe("the socket of a client", async () => {
  const server = await startServer({ apiKeys: ["one", "two"] });
  after(() => server.stop());
  const auth = { apiKey: "one" };

  test("serves all its buckets and patterns", async () => {
    const kv = writer(server.url, { auth });
    const client = clientOf(server.url, { auth });
    /** @type {ReturnType<typeof observe>[]} */
    const watched = [];
    for (const name of ["a", "b", "c"]) {
      await kv.createBucket({ name });
      for (const key of ["x", "y.*", ">"]) watched.push(observe(client.kv().bucket(name), { key }));
    }
    await Promise.all(watched.map(({ watcher }) => watcher.ready));
    for (const name of ["a", "b", "c"]) await kv.bucket(name).put("y.1", name);
    await until(() => watched.flatMap(({ events }) => events).length === 6);
    assert.equal(openSockets(), 1);
    for (const { watcher } of watched) watcher.stop();
    await until(() => openSockets() === 0);
  });

  test("brings what is written right after watch() returned", async () => {
    const kv = writer(server.url, { auth });
    await kv.createBucket({ name: "joined" });
    const client = clientOf(server.url, { auth });
    const bucket = client.kv().bucket("joined");
    await observe(bucket).watcher.ready;
    for (let n = 0; n < 10; n += 1) {
      const seen = observe(bucket, { key: `key-${n}` });
      await bucket.put(`key-${n}`, 1);
      await until(() => seen.events.length === 1);
    }
    client.disconnect();
  });

  test("is replaced by setAuth(), and nothing is missed", async () => {
    const kv = writer(server.url, { auth });
    await kv.createBucket({ name: "moving" });
    const client = clientOf(server.url, { auth });
    const seen = observe(client.kv().bucket("moving"));
    await seen.watcher.ready;
    await kv.bucket("moving").put("a", 1);
    client.setAuth({ apiKey: "two" });
    const puts = Array.from({ length: 20 }, (_, n) => kv.bucket("moving").put(`key-${n}`, n));
    await Promise.all(puts);
    await until(() => seen.events.length === 21);
    assert.equal(new Set(seen.events.map((event) => event.split(" ")[1])).size, 21);
    assert.equal(network.sockets.length, 2);
    await until(() => openSockets() === 1);
    assert.deepEqual(seen.errors, []);
    client.disconnect();
  });

  test("outlives a subscription that is refused", async () => {
    const kv = writer(server.url, { auth });
    await kv.createBucket({ name: "there" });
    const client = clientOf(server.url, { auth });
    const there = observe(client.kv().bucket("there"));
    await there.watcher.ready;
    const missing = observe(client.kv().bucket("missing"));
    await until(() => missing.closed);
    assert.equal(missing.errors.at(-1)?.code, "HTTP_404");
    await kv.bucket("there").put("a", 1);
    await until(() => there.events.length === 1);
    assert.equal(network.sockets.length, 1);
    assert.equal(there.closed, false);
    client.disconnect();
  });
});

describe("a silent server", async () => {
  const server = await startServer();
  after(() => server.stop());
  const options = {
    timeout: 400,
    reconnect: { maxAttempts: -1, heartbeat: 100, backoff: { initial: 20, max: 20 } },
  };

  test("is found out, and asked again", async () => {
    await writer(server.url).createBucket({ name: "silent" });
    const client = clientOf(server.url, options);
    const seen = observe(client.kv().bucket("silent"));
    await seen.watcher.ready;
    server.signal("SIGSTOP");
    await until(() => seen.states.includes("reconnecting"));
    server.signal("SIGCONT");
    await until(() => seen.states.at(-1) === "connected");
    client.disconnect();
  });

  test("that answers is left alone", async () => {
    await writer(server.url).createBucket({ name: "quiet" });
    const client = clientOf(server.url, { ...options, timeout: 30_000 });
    const seen = observe(client.kv().bucket("quiet"));
    await seen.watcher.ready;
    let ticks = 0;
    network.sockets.at(-1)?.on("message", (data) => {
      ticks += Number(JSON.parse(String(data)).type === "tick");
    });
    await until(() => ticks === 10);
    assert.equal(network.sockets.length, 1);
    assert.deepEqual(seen.states, ["connected"]);
    client.disconnect();
  });
});

test("a server that comes back with the other version goes on with the watches", async () => {
  const nats = await startNats();
  let server = await startServer({ store: nats.url });
  const { host } = new URL(server.url);
  const restart = async (/** @type {string} */ watchVersions) => {
    await server.stop();
    server = await startServer({ store: nats.url, listen: host, watchVersions });
  };
  try {
    const kv = writer(server.url);
    await kv.createBucket({ name: "lasting" });
    for (let n = 0; n < 20; n += 1) await kv.bucket("lasting").put(`key-${n}`, "first");
    const client = clientOf(server.url);
    const view = client.kv().bucket("lasting").view();
    await view.ready;
    const plain = observe(client.kv().bucket("lasting"));
    await plain.watcher.ready;
    /** @type {string[]} */
    const expected = [];
    for (const [round, watchVersions] of ["1", "1,2", "1"].entries()) {
      const protocols = network.sockets.at(-1)?.protocol;
      await restart(watchVersions);
      const { revision } = await kv.bucket("lasting").put(`key-${round}`, `round ${round}`);
      expected.push(`put key-${round} ${revision}`);
      await until(() => plain.events.length === expected.length && view.state === "connected");
      assert.notEqual(network.sockets.at(-1)?.protocol, protocols);
      assert.equal(view.get(`key-${round}`)?.text(), `round ${round}`);
      assert.equal(view.size, 20);
    }
    const events = plain.events.map((event) => event.replace(" resynced", ""));
    assert.deepEqual(events, expected);
    client.disconnect();
  } finally {
    await server.stop();
    await nats.stop();
  }
});
