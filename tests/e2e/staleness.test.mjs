// maxStaleness: a connection that died silently is noticed, and a view says that it is stale.

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { api } from "./support/api.mjs";
import { cutNetwork, until } from "./support/cut-network.mjs";
import { startServer } from "./support/server.mjs";
import { isError } from "./support/watched.mjs";

const versions = ["1", "1,2"];
const servers = await Promise.all(versions.map((watchVersions) => startServer({ watchVersions })));
after(() => Promise.all(servers.map((server) => server.stop())));

let requests = 0;
const network = cutNetwork(async (url, init) => {
  requests += 1;
  if (network.isCut) throw new TypeError("the network is cut");
  return await network.fetch(url, init);
});
/** @type {{ stop(): void }[]} */
const open = [];
afterEach(() => {
  for (const each of open.splice(0)) each.stop();
  for (const socket of network.sockets) socket.terminate();
});

/** A view of a new bucket that is complete. @param {string} serverUrl @param {object} [options] */
async function readyView(serverUrl, options) {
  const client = api.createClient({
    serverUrl,
    logger: false,
    timeout: 500,
    reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 20 } },
  });
  const name = `bucket-${Math.random().toString(36).slice(2)}`;
  await client.kv().createBucket({ name });
  const bucket = client.kv().bucket(name, { decode: "json" });
  await bucket.put("a", 1);
  const view = bucket.view({ maxStaleness: 1000, ...options });
  open.push(view);
  await view.ready;
  await until(() => view.state === "connected" && view.freshAsOf);
  return { client, bucket, view };
}

for (const [n, version] of versions.entries()) {
  const { url } = /** @type {{ url: string }} */ (servers[n]);
  describe(`versions ${version} of the watch`, () => {
    test("a connection that died silently is replaced, and what it missed arrives", async () => {
      const { bucket, view } = await readyView(url);
      // What the server sends from now on is not read.
      for (const socket of network.sockets) socket.pause();
      await bucket.put("a", 2);
      await bucket.put("b", 3);
      await until(() => view.get("a")?.value === 2 && view.get("b")?.value === 3);
      await until(() => network.sockets.length > 1 && view.status === "ready");
    });

    test("a silent bucket is known to be complete", async () => {
      const { view } = await readyView(url);
      const before = view.freshAsOf ?? 0;
      await until(() => (view.freshAsOf ?? 0) > before + 1000);
      assert.equal(network.sockets.length, 1, "its connection is alive");
    });

    test("a view whose server cannot be reached is stale, and ready again after it", async () => {
      const { view } = await readyView(url);
      /** @type {string[]} */
      const seen = [];
      view.subscribe(() => {
        const { status } = view.getSnapshot();
        if (seen.at(-1) !== status) seen.push(status);
      });
      network.isCut = true;
      for (const socket of network.sockets) socket.terminate();
      await until(() => view.status === "stale");
      assert.equal(view.get("a")?.value, 1, "its entries stay");
      assert.ok((view.freshAsOf ?? 0) <= Date.now() - 1000);
      network.isCut = false;
      await until(() => view.status === "ready");
      assert.deepEqual(seen, ["ready", "stale", "ready"]);
      view.stop();
      assert.equal(view.status, "closed");
    });
  });
}

test("a watch that is not limited sends no request while nothing happens", async () => {
  const { client, view, bucket } = await readyView(servers[0]?.url ?? "", {
    maxStaleness: undefined,
  });
  const other = client.kv().bucket(bucket.name).view({ key: "b", maxStaleness: 1000 });
  await other.ready;
  await until(() => (other.freshAsOf ?? 0) > (view.freshAsOf ?? 0) - 1);
  other.stop();
  const idle = async () => {
    const before = requests;
    await new Promise((next) => setTimeout(next, 100));
    return requests === before;
  };
  while (!(await idle()));
  const before = requests;
  await new Promise((next) => setTimeout(next, 1500));
  assert.equal(requests, before);
});

test("in memory a view is never stale", async () => {
  const client = api.createClient({ transport: "memory", memory: { autoCreate: true } });
  const view = client.kv().bucket("b").view({ maxStaleness: 1000 });
  open.push(view);
  await view.ready;
  const begun = performance.now();
  await until(() => performance.now() - begun > 1500);
  assert.equal(view.status, "ready");
});

test("a number of milliseconds from 1000 on", () => {
  const client = api.createClient({ transport: "memory" });
  const bucket = client.kv().bucket("b");
  for (const maxStaleness of [999, -1, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "1000"]) {
    const message =
      "maxStaleness must be a number of milliseconds, 1000 or more and at most 2147483647";
    for (const call of [
      () => bucket.view(/** @type {any} */ ({ maxStaleness })),
      () => bucket.watch({ onUpdate() {} }, /** @type {any} */ ({ maxStaleness })),
    ]) {
      assert.throws(call, (error) => {
        isError(error, { code: "VALIDATION_ERROR", message });
        return true;
      });
    }
  }
});
