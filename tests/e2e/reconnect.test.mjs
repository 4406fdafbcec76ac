// A watch whose connection is lost, with sockets and responses that the test fakes: the credentials of the next
// connection, the resync, and page events.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { advance } from "./support/adjustable-clock.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { connected, isError, settled, watch } from "./support/watched.mjs";

const { fetch, addEventListener, removeEventListener } = globalThis;
const at_once = { reconnect: { maxAttempts: 3, backoff: { initial: 0, max: 0 } }, retry: false };

/** The bucket as the server has it. @type {Map<string, number>} */
let keys = new Map();
/** What the server answers to everything, where it is not the bucket. @type {number | undefined} */
let status;
/** @type {string[]} */
let asked = [];
let uninstall = () => {};

beforeEach(() => {
  uninstall = install();
  keys = new Map();
  status = undefined;
  asked = [];
  globalThis.fetch = /** @type {any} */ (
    async (/** @type {string} */ url) => {
      const path = new URL(url).pathname.split("/").slice(6);
      asked.push(path.join("/"));
      if (status) return new Response('{"error":"no"}', { status });
      const [, key] = path;
      if (key !== undefined) return Response.json(entry(decodeURIComponent(key)));
      if (path[0] === "keys") return Response.json({ keys: [...keys.keys()], count: keys.size });
      const created_at = "2026-02-22T10:00:00Z";
      return Response.json({ name: "b", values: 0, bytes: 0, history: 1, created_at });
    }
  );
});
afterEach(() => {
  uninstall();
  globalThis.fetch = fetch;
});

/** @param {string} key */
const entry = (key) => ({
  key,
  value: "MQ==",
  revision: keys.get(key),
  created_at: "2026-02-22T10:00:00Z",
  operation: "put",
});

/** Waits for something to be so. @param {() => unknown} holds */
async function until(holds) {
  for (let n = 0; n < 1000 && !holds(); n += 1) await new Promise((next) => setTimeout(next, 1));
  assert.ok(holds(), String(holds));
}

/** The socket of this number, once it is opened. @param {number} number */
async function socket(number) {
  await until(() => sockets.length > number);
  const found = sockets[number];
  assert.ok(found);
  return found;
}

const lost = { name: "ConnectionError", code: "CONNECTION_LOST" };

describe("a lost connection", () => {
  test("is retried where the constructor of the socket throws, and nothing is thrown at the app", async () => {
    const made = connected(at_once);
    await until(() => made.calls.includes("ready"));
    const Socket = globalThis.WebSocket;
    let throws = 0;
    globalThis.WebSocket = /** @type {any} */ (
      class extends Socket {
        /** @param {string} url @param {string[]} protocols */
        constructor(url, protocols) {
          throws += 1;
          if (throws < 3) throw new DOMException("insecure", "SecurityError");
          super(url, protocols);
        }
      }
    );
    made.socket.end(1006);
    (await socket(1)).accept();
    await until(() => made.watcher.state === "connected");
    assert.equal(throws, 3);
    assert.equal(made.calls.length, 2);
    isError(made.calls[1], { ...lost, retryable: true });
    made.watcher.stop();
    await made.closed;
  });

  test("is a retryable onError, and the resync emits what changed meanwhile", async () => {
    keys = new Map([["a", 1]]);
    const made = connected(at_once);
    await until(() => made.calls.includes("ready"));
    keys = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    made.socket.end(1006);
    (await socket(1)).accept();
    await until(() => made.calls.length === 3);
    isError(made.calls[1], { ...lost, retryable: true });
    assert.deepEqual(made.calls[2], { key: "b", value: "MQ==", operation: "put", revision: 2 });
    made.client.disconnect();
  });

  test("ends the watch when the attempts are used up, with one more onError", async () => {
    const { calls, closed } = watch(at_once);
    // The first handshake, the one without subprotocol, and three attempts to reconnect.
    for (let n = 0; n < 5; n += 1) (await socket(n)).end(1006);
    await closed;
    isError(calls[0], { ...lost, retryable: true });
    isError(calls[1], { ...lost, retryable: false });
    assert.deepEqual(calls.slice(2), ["closed"]);
    await settled();
    assert.equal(sockets.length, 5);
  });

  test("is not taken up again by a watch that is stopped", async () => {
    const made = connected(at_once);
    made.socket.end(1006);
    made.watcher.stop();
    await new Promise((next) => setTimeout(next, 5));
    assert.equal(sockets.length, 1);
    assert.equal(made.calls.at(-1), "closed");
  });
});

describe("the credentials of the next connection", () => {
  test("come from a new call of the token function", async () => {
    let count = 0;
    const token = () => {
      count += 1;
      return `token-${count}`;
    };
    const { client } = watch({ ...at_once, auth: { token } });
    (await socket(0)).accept();
    sockets[0]?.end(1006);
    const first = sockets[0]?.protocols[2];
    const second = (await socket(1)).protocols[2];
    assert.ok(first && second && first !== second);
    client.disconnect();
  });

  test("are those of the last setAuth()", async () => {
    const made = connected({ ...at_once, auth: { apiKey: "one" } });
    made.client.setAuth({ apiKey: "two" });
    assert.equal(sockets.length, 1, "nothing is torn down");
    made.socket.end(1006);
    const protocols = [made.socket.protocols[2], (await socket(1)).protocols[2]];
    assert.deepEqual(protocols, ["ironflow.auth.bearer.b25l", "ironflow.auth.bearer.dHdv"]);
    made.client.disconnect();
  });

  for (const [refused, name] of /** @type {[number, string][]} */ ([
    [401, "UnauthenticatedError"],
    [403, "UnauthorizedError"],
    [404, "IronflowError"],
  ])) {
    test(`that are refused (${refused}) end the watch with the typed error, once`, async () => {
      const made = connected(at_once);
      await until(() => made.calls.includes("ready"));
      status = refused;
      made.socket.end(1006);
      (await socket(1)).end(1006);
      await made.closed;
      isError(made.calls[1], { ...lost, retryable: true });
      isError(made.calls[2], { name, status: refused });
      assert.deepEqual(made.calls.slice(3), ["closed"]);
    });
  }

  test("may fail to be had for a moment, once it was connected", async () => {
    let fails = false;
    const token = () => (fails ? Promise.reject(new Error("offline")) : "token");
    const made = watch({ ...at_once, auth: { token } });
    (await socket(0)).accept();
    await until(() => made.calls.includes("ready"));
    fails = true;
    sockets[0]?.end(1006);
    await settled();
    fails = false;
    (await socket(1)).accept();
    assert.ok(!made.calls.includes("closed"));
    made.client.disconnect();
  });
});

describe("the page", () => {
  /** @type {any} */
  let page;
  /** How many listeners there are. */
  let listeners = 0;
  beforeEach(() => {
    listeners = 0;
    const window = new EventTarget();
    page = Object.assign(new EventTarget(), { visibilityState: "visible", window });
    for (const target of [window, page]) {
      const { addEventListener: add, removeEventListener: remove } = target;
      target.addEventListener = (/** @type {any} */ ...args) => {
        listeners += 1;
        add.apply(target, args);
      };
      target.removeEventListener = (/** @type {any} */ ...args) => {
        listeners -= 1;
        remove.apply(target, args);
      };
    }
    Object.assign(globalThis, {
      document: page,
      addEventListener: window.addEventListener,
      removeEventListener: window.removeEventListener,
    });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis, "document");
    Object.assign(globalThis, { addEventListener, removeEventListener });
  });
  const slow = { reconnect: { backoff: { initial: 1e6, max: 1e6 } }, retry: false };

  /** @param {"hidden" | "visible"} state */
  function become(state) {
    page.visibilityState = state;
    page.dispatchEvent(new Event("visibilitychange"));
  }

  test("is listened to once a client, as long as it watches", async () => {
    const { client, watcher } = connected(slow);
    assert.equal(listeners, 3);
    const others = ["b", "c"].map((name) =>
      client
        .kv()
        .bucket(name)
        .watch({ onUpdate() {} }),
    );
    assert.equal(listeners, 3);
    client.disconnect();
    assert.equal(listeners, 0);
    for (const other of [watcher, ...others]) other.stop();
    assert.equal(listeners, 0);
  });

  test("that is online or shown again skips the wait", async () => {
    for (const back of [
      () => page.window.dispatchEvent(new Event("online")),
      () => become("visible"),
    ]) {
      sockets.length = 0;
      const made = connected(slow);
      made.socket.end(1006);
      await settled();
      assert.equal(sockets.length, 1);
      back();
      assert.equal(sockets.length, 2);
      made.client.disconnect();
    }
  });

  test("that is hidden pauses a watch, where that is wanted", async () => {
    const made = connected({ ...slow, visibility: { pauseOnHidden: true } });
    become("hidden");
    assert.equal(made.watcher.state, "disconnected");
    assert.ok(made.socket.readyState >= 2);
    become("visible");
    (await socket(1)).accept();
    assert.equal(made.watcher.state, "connected");
    assert.deepEqual(
      made.calls.filter((call) => call instanceof Error),
      [],
    );
    made.client.disconnect();
  });

  test("that was hidden for a moment keeps its connection, though the wall clock jumps", async () => {
    const { now } = Date;
    const made = connected(slow);
    for (const jump of [-3_600_000, 3_600_000]) {
      become("hidden");
      Date.now = () => now() + jump;
      become("visible");
      Date.now = now;
      await settled();
      assert.equal(made.watcher.state, "connected");
      assert.equal(sockets.length, 1);
    }
    made.client.disconnect();
  });

  test("that was hidden for long does not trust its connection", async () => {
    const made = connected(slow);
    become("hidden");
    advance(31_000);
    become("visible");
    (await socket(1)).accept();
    assert.equal(made.watcher.state, "connected");
    made.client.disconnect();
  });
});

describe("a watch of a server that cannot be reached", () => {
  test("falls back to memory with the client", async () => {
    globalThis.fetch = /** @type {any} */ (() => Promise.reject(new TypeError("no")));
    const { client, calls, watcher } = watch({ ...at_once, fallback: "memory" });
    (await socket(0)).end(1006);
    await until(() => watcher.state === "connected");
    assert.equal(client.mode, "memory");
    await client.kv().bucket("b").put("a", "1");
    await until(() => calls.some((call) => call.key === "a"));
    client.disconnect();
  });
});
