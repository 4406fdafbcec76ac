// Watches on what applications put in the place of the platform's WebSocket: the package ws, and doubles.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { api } from "./support/api.mjs";
import { FakeWebSocket, install, sockets } from "./support/fake-websocket.mjs";
import { isError, SERVER, settled, watch } from "./support/watched.mjs";

/** The versions of the wire that a handshake offers. */
const VERSIONS = ["ironflow.v1", "ironflow.v2"];

const { fetch, WebSocket: real } = globalThis;

/** @type {(() => unknown)[]} */
let cleanups = [];
beforeEach(() => {
  cleanups = [];
  const info = { name: "b", values: 0, bytes: 0, history: 1, created_at: "" };
  globalThis.fetch = async () => new Response(JSON.stringify(info));
});
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  Object.assign(globalThis, { fetch, WebSocket: real });
});

/** The port that a server listens at. @param {import("node:net").Server | WebSocketServer} server */
async function portOf(server) {
  await once(server, "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/** A server that takes connections and never answers. */
async function silentServer() {
  /** @type {import("node:net").Socket[]} */
  const connections = [];
  const server = createServer((connection) => {
    connections.push(connection.on("error", () => {}));
  }).listen(0, "127.0.0.1");
  cleanups.push(() => {
    for (const connection of connections) connection.destroy();
    server.close();
  });
  return `http://127.0.0.1:${await portOf(server)}`;
}

/**
 * A server that selects this subprotocol, or none.
 *
 * @param {string | false} selected
 */
async function watchServer(selected) {
  /** What each handshake offered. @type {string[]} */
  const offers = [];
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    handleProtocols: () => selected,
  });
  server.on("connection", (socket, { headers }) => {
    offers.push(headers["sec-websocket-protocol"] ?? "");
    const event = { type: "kv_update", key: "a", value: "MQ==", operation: "put", bucket: "b" };
    socket.on("error", () => {});
    socket.send(JSON.stringify({ ...event, revision: 1 }));
  });
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { serverUrl: `http://127.0.0.1:${await portOf(server)}`, offers };
}

const usePackageWs = () => Object.assign(globalThis, { WebSocket });

describe("the package ws", () => {
  /** @type {Record<string, (made: ReturnType<typeof watch>) => unknown>} */
  const endings = {
    "disconnect()": ({ client }) => client.disconnect(),
    "configure()": ({ client }) => client.configure({ transport: "memory" }),
    "stop(), then disconnect()": ({ client, watcher }) => {
      watcher.stop();
      client.disconnect();
    },
    "a wider watch, then disconnect()": ({ client }) => {
      client
        .kv()
        .bucket("b")
        .watch({ onUpdate() {} });
      client.disconnect();
    },
  };
  for (const [what, end] of Object.entries(endings)) {
    // An error event without a handler would be an uncaught exception, which fails the test.
    test(`${what} while it connects ends the watch and throws nothing later`, async () => {
      usePackageWs();
      const made = watch({ serverUrl: await silentServer() }, { key: "a" });
      end(made);
      await made.closed;
      assert.deepEqual(made.calls, ["closed"]);
      // The socket's own error event comes in a later task.
      await settled();
      await settled();
    });
  }

  test("a wider watch while it connects takes over, and nothing is thrown", async () => {
    usePackageWs();
    const { serverUrl } = await watchServer("ironflow.v1");
    const { client, watcher } = watch({ serverUrl }, { key: "a" });
    const wider = client.kv().bucket("b").watch();
    await Promise.all([watcher.ready, wider.ready]);
    client.disconnect();
  });

  test("delivers, and closes", async () => {
    usePackageWs();
    const { serverUrl, offers } = await watchServer("ironflow.v1");
    const { client, watcher, calls, closed } = watch({ serverUrl });
    await watcher.ready;
    while (calls.length < 2) await settled();
    client.disconnect();
    await closed;
    const event = { key: "a", value: "MQ==", operation: "put", revision: 1 };
    assert.deepEqual(calls, ["ready", event, "closed"]);
    assert.deepEqual(offers, ["ironflow.v1,ironflow.v2"]);
  });

  test("a server that selects no subprotocol is tried once without, and that is remembered", async () => {
    usePackageWs();
    const { serverUrl, offers } = await watchServer(false);
    const first = watch({ serverUrl });
    await first.watcher.ready;
    const { client } = first;
    client.disconnect();
    await client.kv().bucket("b").watch().ready;
    client.disconnect();
    assert.deepEqual(offers, ["ironflow.v1,ironflow.v2", "", ""]);
    assert.deepEqual(
      first.calls.filter((call) => call instanceof Error),
      [],
    );
  });
});

describe("a server that fails the handshake while the bucket exists", () => {
  const offered = () => sockets.map(({ protocols }) => protocols);
  /** Waits until so many sockets were opened. @param {number} count */
  async function opened(count) {
    for (let n = 0; n < 1000 && sockets.length < count; n += 1) await settled();
    assert.equal(sockets.length, count);
  }
  beforeEach(() => cleanups.push(install()));

  test("gets one handshake without subprotocol, then the watch is lost", async () => {
    const { calls, closed } = watch();
    sockets[0]?.end(1006);
    await opened(2);
    sockets[1]?.end(1006);
    await closed;
    assert.deepEqual(offered(), [VERSIONS, []]);
    isError(calls[0], { code: "CONNECTION_LOST", message: /ironflow\.v1/ });
    assert.deepEqual(calls.slice(1), ["closed"]);
  });

  test("does not use up an attempt to reconnect for it", async () => {
    const backoff = { initial: 1, max: 1 };
    const { calls, closed } = watch({ reconnect: { maxAttempts: 1, backoff } });
    sockets[0]?.end(1006);
    await opened(2);
    sockets[1]?.end(1006);
    while (sockets.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    sockets[2]?.end(1006);
    await closed;
    assert.deepEqual(offered(), [VERSIONS, [], VERSIONS], "once is enough");
    assert.equal(calls.length, 3);
  });

  test("is not tried without where a credential is configured, and the error says why", async () => {
    const { calls, closed } = watch({ auth: { apiKey: "key" } });
    sockets[0]?.end(1006);
    await closed;
    assert.deepEqual(offered(), [[...VERSIONS, "ironflow.auth.bearer.a2V5"]]);
    isError(calls[0], { message: /does not negotiate the subprotocol ironflow\.v1/ });
  });

  test("is not tried without once the subprotocol has worked", async () => {
    const backoff = { initial: 1, max: 1 };
    const { client, closed } = watch({ reconnect: { maxAttempts: 1, backoff } });
    sockets[0]?.accept();
    sockets[0]?.end(1006);
    while (sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    sockets[1]?.end(1006);
    await closed;
    client.kv().bucket("b").watch();
    sockets[2]?.end(1006);
    await settled();
    assert.deepEqual(offered(), [VERSIONS, VERSIONS, VERSIONS]);
    client.disconnect();
  });
});

describe("a double of WebSocket", () => {
  beforeEach(() => cleanups.push(install()));
  const update = {
    type: "kv_update",
    key: "a",
    value: "MQ==",
    revision: 1,
    operation: "put",
    bucket: "b",
  };
  const event = { key: "a", value: "MQ==", operation: "put", revision: 1 };
  /** @param {new (...given: any[]) => unknown} Double */
  const use = (Double) => Object.assign(globalThis, { WebSocket: Double });

  /** One without readyState, events, or prototype, that calls its handlers as they are. */
  class Bare {
    /** @type {any} */
    static last;
    constructor() {
      Bare.last = this;
    }
    close() {}
  }

  test("may deliver frames before it is open", async () => {
    const { calls, client } = watch();
    sockets[0]?.frame(update);
    sockets[0]?.accept();
    sockets[0]?.frame({ ...update, revision: 2 });
    await settled();
    assert.deepEqual(calls, ["ready", event, { ...event, revision: 2 }]);
    client.disconnect();
  });

  test("is sent nothing once it is closing, which a browser would log", async () => {
    const { client } = watch();
    const [socket] = sockets;
    assert.ok(socket);
    socket.accept("ironflow.v2");
    await settled();
    assert.equal(socket.sent.length, 1);
    // On a page that was frozen the close event comes later.
    socket.readyState = FakeWebSocket.CLOSED;
    client.kv().bucket("other").watch({});
    await settled();
    assert.equal(socket.sent.length, 1);
    client.disconnect();
  });

  test("is closed soon after its handshake has timed out", async () => {
    const reconnect = { maxAttempts: -1, backoff: { initial: 1, max: 1 } };
    const { client } = watch({ timeout: 1, reconnect });
    while (sockets.length < 2) await new Promise((next) => setTimeout(next, 1));
    // Chromium has one handshake at a time with a server: the next one waits for it.
    while (sockets[0]?.readyState === 0) await new Promise((next) => setTimeout(next, 5));
    client.disconnect();
  });

  test("may lack a readyState, and call its handlers without events", async () => {
    use(Bare);
    const { calls, closed } = watch();
    const socket = Bare.last;
    socket.onopen();
    socket.onmessage({ data: JSON.stringify(update) });
    socket.onmessage();
    socket.onerror();
    socket.onclose();
    await closed;
    assert.deepEqual(calls.slice(0, 2), ["ready", event]);
    isError(calls[2], { message: "watch b: watch frame is not text" });
    isError(calls[3], { code: "CONNECTION_LOST", message: /1006/ });
    assert.deepEqual(calls.slice(4), ["closed"]);
  });

  test("that lacks a readyState and reports a failed handshake by an error alone is noticed", async () => {
    use(Bare);
    globalThis.fetch = async () => new Response("{}", { status: 404 });
    const { calls, closed } = watch();
    Bare.last.onerror();
    await closed;
    isError(calls[0], { code: "HTTP_404" });
  });

  test("may call its handlers from close(), and after it", async () => {
    class Eager extends Bare {
      close() {
        /** @type {any} */ (this).onclose();
      }
    }
    use(Eager);
    const { calls, client, closed } = watch();
    const socket = Eager.last;
    socket.onopen();
    await settled();
    client.disconnect();
    for (const name of ["onopen", "onmessage", "onerror", "onclose"]) socket[name]();
    await closed;
    await settled();
    assert.deepEqual(calls, ["ready", "closed"]);
  });

  test("may throw in close()", async () => {
    class Stubborn extends FakeWebSocket {
      close() {
        throw new Error("not now");
      }
    }
    use(Stubborn);
    for (const end of [
      (/** @type {ReturnType<typeof watch>} */ { client }) => client.disconnect(),
      (/** @type {ReturnType<typeof watch>} */ { client, watcher }) => {
        watcher.stop();
        client.configure({ transport: "memory" });
      },
    ]) {
      sockets.length = 0;
      const made = watch();
      sockets[0]?.accept();
      await settled();
      end(made);
      await made.closed;
      assert.deepEqual(made.calls, ["ready", "closed"]);
    }
    sockets.length = 0;
    const { client, watcher, closed } = watch(undefined, { key: "a" });
    const wider = client.kv().bucket("b").watch();
    // The narrower one closes when it opens.
    for (const socket of sockets) socket.accept();
    await Promise.all([watcher.ready, wider.ready]);
    client.disconnect();
    await closed;
  });

  test("that cannot be made is an onError that says why", async () => {
    /** @type {[unknown, RegExp][]} */
    const doubles = [
      [undefined, /no WebSocket here.*ws/],
      ["WebSocket", /no WebSocket here/],
      [() => {}, /cannot be opened: .*constructor/],
      [
        class {
          constructor() {
            throw new DOMException("insecure", "SecurityError");
          }
        },
        /cannot be opened: insecure/,
      ],
      [
        class {
          constructor() {
            throw undefined;
          }
        },
        /cannot be opened: undefined/,
      ],
      [
        class {
          constructor() {
            Object.freeze(this);
          }
        },
        /cannot be opened: /,
      ],
    ];
    for (const [double, message] of doubles) {
      use(/** @type {any} */ (double));
      const { calls, closed } = watch();
      assert.deepEqual(calls, [], "not before watch() has returned");
      await closed;
      isError(calls[0], { code: "CONNECTION_LOST", retryable: false, message });
      assert.deepEqual(calls.slice(1), ["closed"]);
    }
  });

  test("works for operations that need none", async () => {
    use(/** @type {any} */ (undefined));
    globalThis.fetch = async () => new Response('{"revision":1}');
    const client = api.createClient({ serverUrl: SERVER });
    assert.deepEqual(await client.kv().bucket("b").put("a", "1"), { revision: 1 });
  });
});
