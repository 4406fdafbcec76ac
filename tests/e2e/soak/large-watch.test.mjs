// Version 2 of the watch over 100,000 keys, on the reference server: what a cut costs, and how long a view takes.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { api } from "../support/api.mjs";
import { cutNetwork, until } from "../support/cut-network.mjs";
import { startNats } from "../support/nats.mjs";
import { serveBrowser } from "../support/served-browser.mjs";

const COUNT = 100_000;
const VALUE = "v".repeat(100);
const names = Array.from({ length: COUNT }, (_, n) => `key-${COUNT + n}`);

/** How many keys are written at a time. */
const WRITERS = 32;

const network = cutNetwork();
const { fetch } = globalThis;

/** Creates a bucket with all keys. @param {string} serverUrl */
async function fill(serverUrl) {
  await fetch(`${serverUrl}/api/v1/kv/buckets`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"name":"large"}',
  });
  const left = names.values();
  const write = async () => {
    for (const name of left) await change(serverUrl, name, "PUT");
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** Writes or deletes a key. @param {string} serverUrl @param {string} key @param {"PUT" | "DELETE"} method */
async function change(serverUrl, key, method) {
  const response = await fetch(`${serverUrl}/api/v1/kv/buckets/large/keys/${key}`, {
    method,
    ...(method === "PUT" ? { body: VALUE } : {}),
  });
  await response.arrayBuffer();
  assert.ok(response.ok);
}

for (const store of ["memory", "nats"]) {
  describe(`100,000 keys, on ${store}`, async () => {
    const nats = store === "nats" ? await startNats() : undefined;
    const { browser, url, close } = await serveBrowser(undefined, nats?.url);
    after(async () => {
      await close();
      await nats?.stop();
    });

    test("a cut while 50 keys change costs 1 connection, 0 requests and 50 events", async () => {
      await fill(url);
      const client = api.createClient({
        serverUrl: url,
        logger: false,
        reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 20 } },
      });
      /** @type {string[]} */
      let events = [];
      let state = "";
      const watcher = client
        .kv()
        .bucket("large")
        .watch(
          {
            onUpdate: ({ key, operation, revision }) =>
              events.push(`${operation} ${key} ${revision}`),
            onStateChange: (next) => {
              state = next;
            },
          },
          { initial: true },
        );
      await watcher.ready;
      assert.equal(events.length, COUNT);

      network.isCut = true;
      network.sockets.at(-1)?.terminate();
      await until(() => state !== "connected");
      events = [];
      const changed = names.slice(1_000, 1_045);
      const deleted = names.slice(2_000, 2_005);
      for (const name of changed) await change(url, name, "PUT");
      for (const name of deleted) await change(url, name, "DELETE");
      const attempts = network.sockets.length;
      network.isCut = false;
      await until(() => events.length >= 50 && state === "connected");
      const expected = [
        ...changed.map((name, n) => `put ${name} ${COUNT + 1 + n}`),
        ...deleted.map((name, n) => `delete ${name} ${COUNT + 46 + n}`),
      ];
      assert.deepEqual(events, expected);
      // Before the socket opened, a failed attempt may have asked why.
      assert.equal(network.requests, network.requestsBefore);
      const made = network.sockets.slice(attempts).filter(({ url: to }) => !to.includes(":1/"));
      assert.equal(made.length, 1);
      client.disconnect();
    });

    test("a view in Chromium has all of them", async (t) => {
      const page = await browser.newPage();
      await page.goto(url);
      const { size, milliseconds } = await page.evaluate(async () => {
        const address = "/pkg/index.js";
        const { createClient } = await import(address);
        const client = createClient({ serverUrl: location.origin });
        const begun = performance.now();
        const view = client.kv().bucket("large").view();
        await view.ready;
        return { size: view.size, milliseconds: performance.now() - begun };
      });
      t.diagnostic(`ready after ${Math.round(milliseconds)} ms`);
      assert.equal(size, COUNT - 5);
      await page.close();
    });
  });
}
