// Objects of the client inside the reactive state of Vue and Valtio, which wrap them in proxies: they work, and are up to
// date.

import assert from "node:assert/strict";
import { test } from "node:test";
import { proxy, snapshot } from "valtio/vanilla";
import { reactive, readonly, ref } from "vue";
import { api } from "./support/api.mjs";

/** What an object becomes as a property of state. @type {Record<string, (object: any) => any>} */
const states = {
  "Vue's reactive()": (object) => reactive({ object }).object,
  "Vue's ref()": (object) => ref(object).value,
  "Vue's readonly()": (object) => readonly({ object }).object,
  "Valtio's proxy()": (object) => proxy({ object }).object,
  "Valtio's snapshot()": (object) => snapshot(proxy({ object })).object,
  "a list in Valtio's proxy()": (object) => proxy({ list: [object] }).list[0],
};

for (const [name, wrap] of Object.entries(states)) {
  test(`clients, handles, watchers, views, snapshots and entries work in ${name}`, async () => {
    const made = api.createClient({ transport: "memory", memory: { buckets: ["b"] } });
    const client = wrap(made);
    assert.equal(client.mode, "memory");
    const bucket = wrap(wrap(client.kv()).bucket("b", { decode: "json" }));
    assert.deepEqual(await bucket.put("a", { n: 1 }), { revision: 1 });
    assert.equal(bucket.name, "b");

    const entry = wrap(await bucket.get("a"));
    assert.deepEqual([entry.value, entry.json(), entry.revision], [{ n: 1 }, { n: 1 }, 1]);

    /** @type {string[]} */
    const events = [];
    const watcher = wrap(
      bucket.watch({ onUpdate: (/** @type {any} */ { key }) => events.push(key) }),
    );
    const view = wrap(bucket.view());
    await Promise.all([watcher.ready, view.ready]);
    assert.deepEqual([watcher.state, view.state, view.status], ["connected", "connected", "ready"]);
    assert.deepEqual(view.get("a").value, { n: 1 });
    const before = wrap(view.getSnapshot());

    let notified = 0;
    view.subscribe(() => {
      notified += 1;
    });
    const { revision } = await bucket.put("b", { n: 2 });
    await view.waitFor(revision);
    assert.deepEqual([view.size, view.keys(), view.entries().length], [2, ["a", "b"], 2]);
    assert.deepEqual([before.size, before.keys(), before.entries().length], [1, ["a"], 1]);
    assert.deepEqual(wrap(view.get("b")).json(), { n: 2 });
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(notified, 1);
    assert.deepEqual(events, ["b"]);

    watcher.stop();
    view.stop();
    assert.deepEqual([watcher.state, view.status], ["disconnected", "closed"]);
    made.disconnect();
  });
}
