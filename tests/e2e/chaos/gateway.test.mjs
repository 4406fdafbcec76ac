// The gateway itself: each fault does what it says to watches of either version, and no more.

import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, describe, test } from "node:test";
import WebSocket from "ws";
import { startServer } from "../support/server.mjs";
import { startGateway } from "./gateway.mjs";
import { FORBIDDEN_PATTERN } from "./rules.mjs";

/** @type {import("./gateway.mjs").Gateway} */
let gateway;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {WebSocket[]} */
let sockets = [];
let hits = 0;

/** @param {string} [watchVersions] */
async function begin(watchVersions) {
  server = await startServer({ ...(watchVersions ? { watchVersions } : {}) });
  gateway = await startGateway(server.url);
  await fetch(`${gateway.url}/api/v1/kv/buckets`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"name":"b"}',
  });
}

beforeEach(() => {
  sockets = [];
  hits = 0;
});
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await gateway.stop();
  await server.stop();
});

/** @param {Partial<import("./gateway.mjs").GatewayFault> & Pick<import("./gateway.mjs").GatewayFault, "kind">} fault */
function inflict(fault) {
  const usual = { chosen: 0, hold: 60_000, status: /** @type {const} */ (429) };
  const hit = () => {
    hits += 1;
  };
  gateway.inflict({ ...usual, retryAfter: undefined, closes: true, ...fault }, hit);
}

/** A handshake. @param {string} [key] @param {string} [token] */
function dial(key = ">", token) {
  const url = `${gateway.url.replace(/^http/, "ws")}/api/v1/kv/buckets/b/watch?key=${key}`;
  const bearer = token ? `ironflow.auth.bearer.${Buffer.from(token).toString("base64url")}` : [];
  const socket = new WebSocket(url, ["ironflow.v1", "ironflow.v2", bearer].flat());
  socket.on("error", () => {});
  sockets.push(socket);
  return socket;
}

/** The code with which a socket closes. @param {WebSocket} socket @returns {Promise<number>} */
const closeCode = (socket) => new Promise((resolve) => socket.once("close", resolve));

/** A socket that is open. @param {Parameters<typeof dial>} args */
async function opened(...args) {
  const socket = dial(...args);
  await once(socket, "open");
  return socket;
}

/** The next frame. @param {WebSocket} socket */
async function frame(socket) {
  const [data] = await once(socket, "message");
  return JSON.parse(String(data));
}

/** A live subscription of version 2. @param {WebSocket} socket @param {number} id @param {string} key */
async function subscribe(socket, id, key) {
  socket.send(JSON.stringify({ type: "subscribe", id, name: "b", keys: [key] }));
  const { type, status } = await frame(socket);
  return type === "refused" ? status : type;
}

/** @param {string} [token] @param {string} [path] */
const keys = (token, path = "/keys") =>
  fetch(`${gateway.url}/api/v1/kv/buckets/b${path}`, {
    headers: {
      Origin: "http://localhost:1",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
  });

/** Writes a key. @param {string} key */
const put = (key) =>
  fetch(`${gateway.url}/api/v1/kv/buckets/b/keys/${key}`, { method: "PUT", body: "1" });

for (const version of ["1", "1,2"]) {
  describe(`in front of a server of the versions ${version}`, () => {
    beforeEach(() => begin(version));

    test("without a fault everything passes", async () => {
      const socket = await opened();
      assert.equal(socket.protocol, `ironflow.v${version.at(-1)}`);
      if (version !== "1") assert.equal(await subscribe(socket, 1, ">"), "synced");
      const next = frame(socket);
      assert.equal((await put("a")).status, 200);
      assert.equal((await next).key, "a");
      assert.equal((await keys()).status, 200);
    });

    test("a server that ends ends the watches", async () => {
      const socket = await opened();
      const closed = closeCode(socket);
      server.signal("SIGKILL");
      assert.equal(await closed, 1006);
    });

    test("a handshake gets no answer, and what is open goes on", async () => {
      const socket = await opened();
      if (version !== "1") await subscribe(socket, 1, ">");
      inflict({ kind: "hang-handshake" });
      const other = dial();
      while (hits === 0) await new Promise((next) => setTimeout(next, 5));
      const next = frame(socket);
      await put("a");
      assert.equal((await next).key, "a");
      assert.equal(other.readyState, WebSocket.CONNECTING);
      const closed = closeCode(other);
      gateway.heal();
      assert.equal(await closed, 1006);
      await opened();
    });

    for (const [status, retryAfter] of /** @type {const} */ ([
      [429, 1],
      [503, undefined],
    ])) {
      test(`every request and handshake gets ${status}`, async () => {
        inflict({ kind: "rate-limit", status, retryAfter });
        const answer = await keys();
        assert.equal(answer.status, status);
        assert.equal(answer.headers.get("Retry-After"), retryAfter ? "1" : null);
        assert.equal(answer.headers.get("Access-Control-Allow-Origin"), "http://localhost:1");
        const [, refused] = await once(dial(), "unexpected-response");
        assert.equal(refused.statusCode, status);
        assert.equal(hits, 2);
        gateway.heal();
        assert.equal((await keys()).status, 200);
      });
    }
  });
}

test("a forbidden pattern is refused, by a close code on version 1", async () => {
  await begin("1");
  assert.equal(await closeCode(dial(FORBIDDEN_PATTERN)), 4403);
});

test("a forbidden pattern is refused to one subscription on version 2", async () => {
  await begin();
  const socket = await opened();
  assert.equal(await subscribe(socket, 1, FORBIDDEN_PATTERN), 403);
  assert.equal(await subscribe(socket, 2, "a.*"), "synced");
});

test("a pattern that is watched is refused for a while on version 1", async () => {
  await begin("1");
  const [first, second] = await Promise.all([opened("a.*"), opened("b.*")]);
  const closed = closeCode(first);
  inflict({ kind: "refuse-pattern", status: 503 });
  assert.equal(await closed, 1013);
  const [, refused] = await once(dial("a.*"), "unexpected-response");
  assert.equal(refused.statusCode, 503);
  assert.equal((await keys(undefined, "/keys?filter=a.*")).status, 503);
  assert.equal((await keys(undefined, "/keys?filter=b.*")).status, 200);
  const next = frame(second);
  await put("b.1");
  assert.equal((await next).key, "b.1");
  assert.equal(hits, 3);
});

test("a pattern that is watched is refused for a while on version 2", async () => {
  await begin();
  const socket = await opened();
  await subscribe(socket, 1, "a.*");
  await subscribe(socket, 2, "b.*");
  const refused = frame(socket);
  inflict({ kind: "refuse-pattern", status: 429, retryAfter: 1 });
  const { type, id, status, retryable, retry_after } = await refused;
  assert.deepEqual([type, id, status, retryable, retry_after], ["refused", 1, 429, true, 1]);
  assert.equal(await subscribe(socket, 3, "a.*"), 429);
  const next = frame(socket);
  await put("a.1");
  await put("b.1");
  assert.equal((await next).key, "b.1");
  gateway.heal();
  assert.equal(await subscribe(socket, 4, "a.*"), "synced");
});

test("a token that has had its time expires, once until it is calm again", async (t) => {
  await begin();
  const now = performance.now();
  t.mock.method(performance, "now", () => now);
  const token = () => fetch(`${gateway.url}/token`).then((answer) => answer.text());
  const first = await token();
  const socket = await opened(">", first);
  inflict({ kind: "expire-token" });
  assert.equal((await keys(first)).status, 200);
  t.mock.method(performance, "now", () => now + 10_000);
  const closed = closeCode(socket);
  inflict({ kind: "expire-token" });
  assert.equal(await closed, 4401);
  assert.equal((await keys(first)).status, 401);
  const [, refused] = await once(dial(">", first), "unexpected-response");
  assert.equal(refused.statusCode, 401);
  assert.equal(hits, 2);
  const second = await token();
  assert.equal((await keys(second)).status, 200);
  t.mock.method(performance, "now", () => now + 20_000);
  inflict({ kind: "expire-token" });
  assert.equal((await keys(second)).status, 200);
  gateway.heal();
  inflict({ kind: "expire-token" });
  assert.equal((await keys(second)).status, 401);
});
