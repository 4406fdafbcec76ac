// What connectionState and onConnectionChange make of connections that are lost, on sockets that the test
// decides about.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { api } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { SERVER, settled } from "./support/watched.mjs";

const { fetch } = globalThis;
let uninstall = () => {};
beforeEach(() => {
  uninstall = install();
  globalThis.fetch = async () => new Response("{}", { status: 500 });
});
afterEach(() => {
  uninstall();
  globalThis.fetch = fetch;
});

/** A client, and every state it reports. @param {object} [options] */
function reporting(options) {
  const client = api.createClient({ serverUrl: SERVER, retry: false, logger: false, ...options });
  /** @type {string[]} */
  const states = [];
  client.onConnectionChange((state) => states.push(state));
  const watch = (/** @type {string} */ bucket) => client.kv().bucket(bucket).watch();
  return { client, states, watch };
}

test("connected is more than reconnecting, which is more than connecting", async () => {
  const { client, states, watch } = reporting();
  const a = watch("a");
  await settled();
  sockets[0]?.accept();
  await settled();
  sockets[0]?.end(1006);
  await settled();
  assert.equal(client.connectionState, "reconnecting");
  const b = watch("b");
  await settled();
  assert.equal(client.connectionState, "reconnecting", "b is connecting");
  sockets[1]?.accept();
  await settled();
  assert.equal(client.connectionState, "connected", "a is reconnecting");
  b.stop();
  await settled();
  a.stop();
  await settled();
  assert.deepEqual(states, [
    "connecting",
    "connected",
    "reconnecting",
    "connected",
    "reconnecting",
    "disconnected",
  ]);
});

test("a watch that is refused is disconnected", async () => {
  const { client, states, watch } = reporting();
  watch("a");
  await settled();
  sockets[0]?.end(4403);
  await settled();
  assert.equal(client.connectionState, "disconnected");
  assert.deepEqual(states, ["connecting", "disconnected"]);
});

test("a watch that pauses while the page is hidden is disconnected", async () => {
  const info = { name: "a", values: 0, bytes: 0, history: 1, created_at: "", keys: [], count: 0 };
  globalThis.fetch = async () => Response.json(info);
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const { document } = globalThis;
  globalThis.document = /** @type {any} */ (page);
  try {
    const { client, states, watch } = reporting({ visibility: { pauseOnHidden: true } });
    watch("a");
    sockets[0]?.accept();
    await settled();
    page.visibilityState = "hidden";
    page.dispatchEvent(new Event("visibilitychange"));
    await settled();
    assert.equal(client.connectionState, "disconnected");
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    await settled();
    sockets[1]?.accept();
    await settled();
    assert.equal(client.connectionState, "connected");
    client.disconnect();
    await settled();
    assert.equal(states.at(-1), "disconnected");
  } finally {
    globalThis.document = document;
  }
});
