// setAuth() on version 2 of the watch: a socket of the earlier credential serves nothing as soon as one of the new
// credential is open, or cannot be had.

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { install, sockets } from "./support/fake-websocket.mjs";
import { settled, watch } from "./support/watched.mjs";

after(install());
beforeEach(() => {
  sockets.length = 0;
});

const reconnect = { maxAttempts: -1, backoff: { initial: 1, max: 1 } };
const begin = () => watch({ auth: { apiKey: "one" }, reconnect });

/** The credential that a socket offers. @param {number} at */
function credential(at) {
  const offered = sockets[at]?.protocols.at(-1)?.replace("ironflow.auth.bearer.", "") ?? "";
  return Buffer.from(offered, "base64url").toString();
}

/** Whether the client has closed a socket. @param {number} at */
const isClosed = (at) => (sockets[at]?.readyState ?? 0) >= 2;

/** The ids of the subscriptions on a socket. @param {number} at */
const subscribed = (at) => sockets[at]?.sent.filter(({ type }) => type === "subscribe") ?? [];

/** @param {number} at */
async function socket(at) {
  while (!sockets[at]) await new Promise((next) => setTimeout(next, 1));
  return /** @type {import("./support/fake-websocket.mjs").FakeWebSocket} */ (sockets[at]);
}

/** A watch that is live on version 2. */
async function live() {
  const made = begin();
  (await socket(0)).accept("ironflow.v2");
  await settled();
  const { id } = subscribed(0)[0];
  sockets[0]?.frame({ type: "synced", id, revision: 1, epoch: "e" });
  return made;
}

describe("setAuth()", () => {
  test("during the first handshake begins another one", async () => {
    const { client, calls } = begin();
    client.setAuth({ apiKey: "two" });
    (await socket(1)).accept("ironflow.v2");
    sockets[0]?.accept("ironflow.v2");
    await settled();
    assert.deepEqual([credential(0), credential(1)], ["one", "two"]);
    assert.deepEqual([subscribed(0).length, subscribed(1).length], [0, 1]);
    assert.deepEqual(calls, []);
    client.disconnect();
  });

  test("moves a live watch when the new socket is open", async () => {
    const { client, calls } = await live();
    client.setAuth({ apiKey: "two" });
    const { length } = sockets;
    assert.deepEqual([length, isClosed(0)], [2, false]);
    sockets[1]?.accept("ironflow.v2");
    await settled();
    assert.equal(isClosed(0), true);
    const [{ after, epoch }] = subscribed(1);
    assert.deepEqual([credential(1), after, epoch], ["two", 1, "e"]);
    assert.deepEqual(calls, ["ready"]);
    client.disconnect();
  });

  test("again, before the new socket is open, counts", async () => {
    const { client } = await live();
    client.setAuth({ apiKey: "two" });
    client.setAuth({ apiKey: "three" });
    (await socket(2)).accept("ironflow.v2");
    sockets[1]?.accept("ironflow.v2");
    await settled();
    assert.deepEqual([isClosed(0), subscribed(1).length], [true, 0]);
    assert.deepEqual([credential(2), subscribed(2).length], ["three", 1]);
    client.disconnect();
  });

  test("gives up the earlier socket where the new one fails, and tries again", async () => {
    const { client, calls } = await live();
    client.setAuth({ apiKey: "two" });
    (await socket(1)).end(1006);
    await settled();
    assert.equal(isClosed(0), true);
    (await socket(2)).accept("ironflow.v2");
    await settled();
    assert.deepEqual([credential(2), subscribed(2).length], ["two", 1]);
    assert.ok(!calls.includes("closed"));
    client.disconnect();
  });

  test("outlives the refusal of the earlier credential", async () => {
    const { client, calls } = await live();
    client.setAuth({ apiKey: "two" });
    await socket(1);
    sockets[0]?.end(4401);
    sockets[1]?.accept("ironflow.v2");
    await settled();
    assert.equal(subscribed(1).length, 1);
    assert.deepEqual(calls, ["ready"]);
    client.disconnect();
  });
});

test("buckets that are left while they connect open no sockets of their own", async () => {
  const { client } = begin();
  for (const name of ["c", "d", "e"]) {
    client
      .kv()
      .bucket(name)
      .watch({ onUpdate() {} });
  }
  await settled();
  client.disconnect();
  await settled();
  assert.equal(sockets.length, 1);
});
