// What ends a view, and what does not, on sockets and answers that the test makes up.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { api } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { isError, SERVER, settled } from "./support/watched.mjs";

const { fetch, addEventListener, removeEventListener } = globalThis;
const attempts = { reconnect: { maxAttempts: 0, backoff: { initial: 0, max: 0 } }, retry: false };

/** What the server answers about the bucket and its keys. */
let status = 200;
/** The keys that the server lists, with revision 1. @type {string[]} */
let keys = [];
/** What listens to the page's events. @type {Map<string, () => void>} */
let listeners = new Map();
let uninstall = () => {};

beforeEach(() => {
  uninstall = install();
  status = 200;
  keys = [];
  listeners = new Map();
  const page = {
    addEventListener: (/** @type {string} */ type, /** @type {() => void} */ listener) =>
      listeners.set(type, listener),
    removeEventListener: (/** @type {string} */ type) => listeners.delete(type),
  };
  Object.assign(globalThis, {
    ...page,
    document: { visibilityState: "visible", ...page },
    async fetch(/** @type {string} */ url, /** @type {RequestInit} */ { method }) {
      if (status !== 200) return new Response('{"error":"no"}', { status });
      const created_at = "2026-02-22T10:00:00Z";
      const [, key] = new URL(url).pathname.split("/").slice(6);
      if (key)
        return Response.json({ key, value: "MQ==", revision: 1, created_at, operation: "put" });
      if (url.endsWith("/keys")) return Response.json({ keys, count: keys.length });
      const info = { name: "b", values: 0, bytes: 0, history: 1, created_at };
      return Response.json(info, { status: method === "POST" ? 201 : 200 });
    },
  });
});
afterEach(() => {
  uninstall();
  Object.assign(globalThis, { fetch, addEventListener, removeEventListener });
  Reflect.deleteProperty(globalThis, "document");
});

/** @param {object} [options] */
function open(options) {
  const client = api.createClient({ serverUrl: SERVER, logger: false, ...attempts, ...options });
  return { client, view: client.kv().bucket("b").view() };
}

/** The last socket that was opened. */
function socket() {
  const last = sockets.at(-1);
  assert.ok(last);
  return last;
}

/** A view of one key that is ready. @param {object} [options] */
async function ready(options) {
  keys = ["a"];
  const opened = open(options);
  await settled();
  socket().accept();
  await opened.view.ready;
  return opened;
}

/** @param {import("@ironflow/browser").KVView} view */
const shown = ({ state, status, size }) => [state, status, size];

describe("a view whose credentials are refused", () => {
  for (const [code, name] of /** @type {const} */ ([
    [401, "UNAUTHENTICATED"],
    [403, "UNAUTHORIZED"],
  ])) {
    test(`with ${code} opens again after setAuth()`, async () => {
      const { client, view } = open();
      status = code;
      socket().end(1006);
      await settled();
      assert.deepEqual(shown(view), ["disconnected", "loading", 0]);
      isError(view.error, { code: name, status: code });
      assert.equal(sockets.length, 1);
      status = 200;
      keys = ["a"];
      client.setAuth({ apiKey: "another" });
      await settled();
      assert.equal(sockets.length, 2);
      socket().accept();
      await view.ready;
      assert.deepEqual([...shown(view), view.error], ["connected", "ready", 1, undefined]);
      client.disconnect();
    });
  }

  test("keeps its entries when that happens later, with close code 4401", async () => {
    const { client, view } = await ready();
    socket().end(4401);
    await settled();
    assert.deepEqual(shown(view), ["disconnected", "ready", 1]);
    isError(view.error, { code: "UNAUTHENTICATED" });
    client.setAuth({ apiKey: "another" });
    await settled();
    keys = ["b", "c"];
    socket().accept();
    await settled();
    assert.deepEqual(view.keys().sort(), ["b", "c"]);
    assert.deepEqual([...shown(view), view.error], ["connected", "ready", 2, undefined]);
    client.disconnect();
  });

  test("does nothing at setAuth() while it is connected", async () => {
    const { client } = await ready();
    client.setAuth({ apiKey: "another" });
    await settled();
    assert.equal(sockets.length, 1);
    client.disconnect();
  });
});

describe("a view whose attempts are used up", () => {
  for (const [name, event, options] of /** @type {const} */ ([
    ["the browser is online", "online", {}],
    ["the page is shown", "visibilitychange", {}],
    ["the browser is online, also without reconnect", "online", { reconnect: false }],
  ])) {
    test(`opens again when ${name}`, async () => {
      const { client, view } = await ready(options);
      socket().end(1006);
      await settled();
      assert.deepEqual(shown(view), ["disconnected", "ready", 1]);
      isError(view.error, { code: "CONNECTION_LOST" });
      assert.equal(sockets.length, 1);
      listeners.get(event)?.();
      await settled();
      assert.equal(sockets.length, 2);
      socket().accept();
      await settled();
      assert.deepEqual([...shown(view), view.error], ["connected", "ready", 1, undefined]);
      client.disconnect();
      assert.equal(listeners.size, 0, "nothing listens to the page");
    });
  }

  test("opens again at configure(), and once", async () => {
    const { client, view } = await ready();
    socket().end(1006);
    await settled();
    client.configure({ serverUrl: SERVER, logger: false });
    await settled();
    assert.equal(sockets.length, 2);
    assert.deepEqual([...shown(view), view.error], ["connecting", "loading", 1, undefined]);
    // The network is back: another handshake takes the place of the one under way.
    listeners.get("online")?.();
    await settled();
    assert.equal(sockets.length, 3);
    // The replaced one is closed once it is open: browsers log an error otherwise.
    sockets[1]?.accept();
    assert.deepEqual(
      sockets.map(({ readyState }) => readyState < 2),
      [false, false, true],
    );
    client.disconnect();
  });
});

test("close code 1000 closes a view, and its error says so", async () => {
  const { client, view } = await ready();
  const unready = client.kv().bucket("c").view();
  await settled();
  socket().end(1000);
  sockets[0]?.end(1000);
  await settled();
  for (const each of [view, unready]) {
    assert.equal(each.status, "closed");
    isError(each.error, { code: "CONNECTION_LOST", message: /has finished.*1000/ });
  }
  assert.equal(await unready.ready.catch((error) => error), unready.error);
  listeners.get("online")?.();
  client.setAuth({ apiKey: "another" });
  client.configure({ serverUrl: SERVER, logger: false });
  assert.equal(sockets.length, 2);
});

test("createBucket() of another bucket opens no view again", async () => {
  const { client, view } = open();
  status = 404;
  socket().end(1006);
  await settled();
  isError(view.error, { code: "HTTP_404" });
  status = 200;
  await client.kv().createBucket({ name: "another" });
  assert.equal(sockets.length, 1);
  await client.kv().createBucket({ name: "b" });
  assert.equal(sockets.length, 2);
  client.disconnect();
});

describe("connect()", () => {
  /** @param {number} code @param {string | undefined} features @param {unknown} [body] */
  function answer(code, features, body = { buckets: [], count: 0 }) {
    /** @type {Record<string, string>} */
    const headers = features === undefined ? {} : { "Ironflow-KV-Features": features };
    globalThis.fetch = async () => Response.json(body, { status: code, headers });
    return api.createClient({ serverUrl: SERVER, logger: false, retry: false });
  }

  test("learns the features that the server announces, also from a 403", async () => {
    for (const [
      code,
      header,
      expected,
    ] of /** @type {[number, string | undefined, string[]][]} */ ([
      [200, "history, key-ttl,remove", ["history", "key-ttl", "remove"]],
      [200, undefined, []],
      [200, " , ", []],
      [403, "history", ["history"]],
      [403, undefined, []],
    ])) {
      const client = answer(code, header);
      assert.equal(await client.connect(), undefined);
      assert.deepEqual([...client.features], expected);
      client.configure({ serverUrl: SERVER });
      assert.deepEqual([...client.features], []);
    }
  });

  test("rejects with the typed error for every other answer", async () => {
    for (const [code, body, expected] of /** @type {[number, unknown, object][]} */ ([
      [401, { error: "no" }, { code: "UNAUTHENTICATED" }],
      [404, { error: "no" }, { code: "HTTP_404" }],
      [500, { error: "no" }, { code: "HTTP_500" }],
      [200, { rows: [] }, { code: "INVALID_RESPONSE" }],
    ])) {
      const client = answer(code, "history", body);
      isError(await client.connect().catch((error) => error), expected);
      // Every response announces them.
      assert.deepEqual([...client.features], ["history"]);
    }
  });

  test("does not change a configuration that came after it", async () => {
    const client = answer(200, "history");
    const connecting = client.connect();
    client.configure({ serverUrl: SERVER });
    await connecting;
    assert.deepEqual([...client.features], []);
  });
});
