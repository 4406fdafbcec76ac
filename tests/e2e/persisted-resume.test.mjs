// What a persisted view costs after a reload: on version 2 of the watch what has changed, on version 1 the list and
// the reads of its keys. And that nothing of a bucket that was replaced stays.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import WebSocket from "ws";
import { api } from "./support/api.mjs";
import { Backend } from "./support/map-backend.mjs";
import { packageDir } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const { createStorage } = await import(pathToFileURL(join(packageDir, "offline.js")).href);

/** What the client has sent and received: requests, and the frames of its sockets. */
const seen = {
  requests: /** @type {string[]} */ ([]),
  sent: /** @type {any[]} */ ([]),
  received: /** @type {any[]} */ ([]),
};

class CountedWebSocket extends WebSocket {
  /** @param {[any, any]} given */
  constructor(...given) {
    super(...given);
    this.on("message", (data) => seen.received.push(JSON.parse(String(data))));
  }

  /** @param {any} data */
  send(data) {
    seen.sent.push(JSON.parse(data));
    super.send(data);
  }
}

globalThis.WebSocket = /** @type {any} */ (CountedWebSocket);
const { fetch } = globalThis;
globalThis.fetch = (...given) => {
  seen.requests.push(new Request(...given).url);
  return fetch(...given);
};

/** Events of replays. */
const replayed = () =>
  seen.received.flatMap(({ type, events }) => (type === "changes" ? events : []));

/** Until a condition holds. @param {() => unknown} holds */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** @param {string} serverUrl @param {string} name */
function sessions(serverUrl, name) {
  const backend = new Backend();
  const storage = createStorage({ name: "n", scope: "alice", backend });
  const writer = api.createClient({ serverUrl, logger: false });
  const bucket = writer.kv().bucket(name);
  after(() => writer.disconnect());
  return {
    backend,
    bucket,
    kv: writer.kv(),
    /** The position that is stored. @returns {any} */
    position: () => [...backend.views.values()][0]?.meta,
    /** Opens a view as a page does after it was loaded. @param {object} [options] */
    load(options) {
      const client = api.createClient({ serverUrl, logger: false });
      const view = client
        .kv()
        .bucket(name)
        .view({ persist: storage, ...options });
      for (const list of Object.values(seen)) list.length = 0;
      return {
        view,
        /** Until the view is ready. */
        ready: () => until(() => view.status === "ready"),
        /** Closes the page. */
        unload() {
          view.stop();
          client.disconnect();
        },
      };
    },
  };
}

/** What a view shows. @param {any} view */
const content = (view) =>
  Object.fromEntries(view.entries().map((/** @type {any} */ entry) => [entry.key, entry.text()]));

for (const watchVersions of ["1", "1,2"]) {
  const isVersion2 = watchVersions !== "1";
  describe(`a persisted view on the versions ${watchVersions}`, async () => {
    const server = await startServer({ store: "memory", watchVersions });
    after(() => server.stop());

    test("costs what has changed while the app was closed", async () => {
      const { backend, bucket, kv, load } = sessions(server.url, "large");
      await kv.createBucket({ name: "large" });
      const keys = Array.from({ length: 1000 }, (_, n) => `key-${n}`);
      await Promise.all(keys.map((key) => bucket.put(key, "1")));
      const first = load();
      await first.ready();
      await backend.stores(1000);
      first.unload();

      for (const key of keys.slice(0, 50)) await bucket.put(key, "2");
      await bucket.delete("key-999");
      const second = load();
      await second.ready();
      assert.equal(second.view.size, 999);
      assert.equal(second.view.has("key-999"), false);
      assert.equal(second.view.get("key-0")?.text(), "2");
      assert.equal(second.view.get("key-50")?.text(), "1");
      if (isVersion2) {
        assert.deepEqual(seen.requests, []);
        assert.equal(replayed().length, 51);
        assert.ok(seen.received.length <= 3, `${seen.received.length} frames`);
      } else {
        const reads = seen.requests.filter((url) => url.includes("/keys/"));
        assert.equal(new Set(reads).size, 999);
        assert.ok(reads.length <= 1000, "the newest one twice");
        assert.ok(seen.requests.length - reads.length <= 3, "its list, and the bucket's");
      }
      await backend.stores(999);
      second.unload();
    });

    test("is resumed from the last change that it was delivered", async () => {
      const { backend, bucket, kv, load, position } = sessions(server.url, "live");
      await kv.createBucket({ name: "live" });
      await bucket.put("a", "1");
      const first = load({ key: "a" });
      await first.ready();
      await bucket.put("other", "1");
      await first.view.waitFor((await bucket.put("a", "2")).revision);
      first.unload();
      assert.equal(position().revision, isVersion2 ? 3 : undefined);

      const second = load({ key: "a" });
      await second.ready();
      assert.deepEqual(content(second.view), { a: "2" });
      if (isVersion2) assert.deepEqual([seen.requests, replayed()], [[], []]);
      second.unload();
      await backend.stores(1);
    });

    test("shows nothing of a bucket that was created again, also of the same revisions", async () => {
      const { backend, bucket, kv, load } = sessions(server.url, "again");
      await kv.createBucket({ name: "again" });
      for (const key of ["kept", "gone"]) await bucket.put(key, "old");
      const first = load();
      await first.ready();
      await backend.stores(2);
      first.unload();

      await kv.deleteBucket("again");
      await kv.createBucket({ name: "again" });
      await bucket.put("kept", "new");
      const second = load();
      await second.view.ready;
      assert.deepEqual(
        [second.view.status, content(second.view)],
        ["stale", { kept: "old", gone: "old" }],
      );
      await second.ready();
      assert.deepEqual(content(second.view), { kept: "new" });
      await backend.stores(1);
      second.unload();
      // What is stored is that of the new bucket.
      const third = load();
      await third.view.ready;
      assert.deepEqual(content(third.view), { kept: "new" });
      await third.ready();
      third.unload();
    });

    test("reads an entry again that did not decode", async () => {
      const { bucket, kv, backend } = sessions(server.url, "decoded");
      await kv.createBucket({ name: "decoded" });
      await bucket.put("good", "1");
      await bucket.put("bad", "no JSON");
      const storage = createStorage({ name: "n", scope: "bob", backend });
      for (let round = 0; round < 2; round += 1) {
        const client = api.createClient({ serverUrl: server.url, logger: false });
        const view = client.kv().bucket("decoded", { decode: "json" }).view({ persist: storage });
        await until(() => view.status === "ready");
        assert.deepEqual(view.keys(), ["good"]);
        assert.match(String(view.error), /bad cannot be read as json/);
        view.stop();
        client.disconnect();
      }
    });
  });
}

test("a storage that never answers delays the watch, and does not stop it", async () => {
  const client = api.createClient({ transport: "memory", logger: false });
  await client.kv().createBucket({ name: "b" });
  await client.kv().bucket("b").put("a", "1");
  const backend = {
    read: () => new Promise(() => {}),
    write: async () => true,
    clear: async () => {},
  };
  const persist = createStorage({ name: "n", scope: "alice", backend });
  const view = client.kv().bucket("b").view({ persist });
  await view.ready;
  assert.deepEqual([view.status, view.keys()], ["ready", ["a"]]);
  client.disconnect();
});
