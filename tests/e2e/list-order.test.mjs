// What a resync costs on the reference server, by the order in which keys are listed.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { api } from "./support/api.mjs";
import { cutNetwork, until } from "./support/cut-network.mjs";
import { startServer } from "./support/server.mjs";

const server = await startServer({ watchVersions: "1" });
after(() => server.stop());

/** How many keys there are: `IRONFLOW_KEYS`. */
const KEYS = Number(process.env.IRONFLOW_KEYS) || 1000;
const names = Array.from({ length: KEYS }, (_, n) => `key-${10 * KEYS + n}`);
const deleted = String(names[200]);

/** The order in which the keys of a listing arrive. @type {(keys: string[]) => string[]} */
let order = (keys) => keys;
/** The requests that were sent, by kind. */
let sent = { lists: 0, reads: 0 };

const network = cutNetwork(async (url, init) => {
  const { pathname } = new URL(url);
  const isRead = (init?.method ?? "GET") === "GET";
  if (isRead && pathname.includes("/keys/")) sent.reads += 1;
  const response = await network.fetch(url, init);
  if (!isRead || !pathname.endsWith("/keys")) return response;
  sent.lists += 1;
  const { keys, count } = /** @type {{ keys: string[], count: number }} */ (await response.json());
  return Response.json({ keys: order(keys), count });
});

/** Writes keys, as another client. @param {string} bucket @param {string[]} keys @param {string} value */
async function put(bucket, keys, value) {
  const other = api.createClient({ serverUrl: server.url, logger: false });
  const puts = keys.map((key) => other.kv().bucket(bucket).put(key, value));
  await Promise.all(puts);
}

/** Whether the server's own order is kept, and the order in which keys were created. */
const orders = [
  { name: "last revision", isKept: true },
  { name: "name", sort: (/** @type {string[]} */ keys) => [...keys].sort() },
  {
    name: "creation",
    sort: (/** @type {string[]} */ keys) => names.filter((name) => keys.includes(name)),
  },
  {
    name: "chance",
    sort: (/** @type {string[]} */ keys) =>
      keys
        .map((key) => /** @type {const} */ ([Math.random(), key]))
        .sort(([a], [b]) => a - b)
        .map(([, key]) => key),
  },
];

describe(`50 of ${KEYS} keys change while the connection is cut`, () => {
  for (const { name, isKept, sort } of orders) {
    test(`listed by ${name}`, { timeout: 120 * KEYS }, async () => {
      order = sort ?? ((keys) => keys);
      const bucket = `by-${name.replace(" ", "-")}`;
      const client = api.createClient({
        serverUrl: server.url,
        logger: false,
        reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 20 } },
      });
      await client.kv().createBucket({ name: bucket });
      for (const key of names) await client.kv().bucket(bucket).put(key, "first");
      const view = client.kv().bucket(bucket).view();
      await view.ready;
      await put(bucket, names.slice(0, 3), "seen");
      await until(() => names.slice(0, 3).every((key) => view.get(key)?.text() === "seen"));

      network.isCut = true;
      sent = { lists: 0, reads: 0 };
      network.sockets.at(-1)?.close();
      await until(() => view.state !== "connected");
      await put(bucket, names.slice(100, 150), "missed");
      await client.kv().bucket(bucket).delete(deleted);
      network.isCut = false;
      const missed = () => names.slice(100, 150).every((key) => view.get(key)?.text() === "missed");
      await until(() => missed() && view.get(deleted) === undefined);
      await until(() => view.state === "connected");
      assert.equal(view.size, KEYS - 1);
      assert.equal(sent.lists, 1);
      if (isKept) assert.ok(sent.reads <= 60, `${sent.reads} reads`);
      client.disconnect();
    });
  }
});
