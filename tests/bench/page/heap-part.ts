// What is in use once something is there: the JavaScript heap after a collection, the WebAssembly's
// memory, and both together.

import { PlainStore } from "../plain/store.js";
import { type Audience, Counter, watches } from "./frames.js";
import { buckets } from "./operations.js";
import type { Subject } from "./rounds.js";
import { fill, MANY, memoryBucket, PlainView } from "./store-parts.js";
import { openSockets, stubFetch, stubSockets } from "./stubs.js";

declare const gc: () => void;
declare global {
  interface Performance {
    memory: { usedJSHeapSize: number };
  }
}

const memories: WebAssembly.Memory[] = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    for (const value of Object.values(instance.exports)) {
      if (value instanceof WebAssembly.Memory) memories.push(value);
    }
    return instance;
  },
});

/** Bytes in use. */
async function used() {
  for (let round = 0; round < 3; round += 1) {
    gc();
    // Finalizers run between tasks.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  return { js: performance.memory.usedJSHeapSize, wasm };
}

const KEYS = Array.from({ length: MANY }, (_, n) => `user.${n}`);
const WATCHERS: Audience = { watchers: 10_000, of: "a key each" };

/** What is made, and has to be held while it is weighed. */
const loads: Record<string, (subject: Subject) => Promise<unknown>> = {
  async operation(subject) {
    stubFetch(() => '{"revision":8}');
    const bucket = buckets[subject]("http://kv.example.com:9123", "b");
    await bucket.put("user.1", 1);
    return bucket;
  },
  async watchers(subject) {
    stubSockets();
    stubFetch((url) =>
      /\/keys(\?|$)/.test(url)
        ? '{"keys":[],"count":0}'
        : '{"name":"b","values":0,"bytes":0,"history":1,"created_at":"2026-02-22T10:00:00Z"}',
    );
    const counter = new Counter();
    const watching = watches[subject]("http://kv.example.com:9123", WATCHERS, counter.receive);
    await Promise.all([openSockets(), watching.ready]);
    return watching;
  },
  async keys(subject) {
    const store = subject === "sdk" ? memoryBucket() : new PlainStore("b");
    await fill(store, KEYS);
    return store;
  },
  async view(subject) {
    if (subject === "sdk") {
      const bucket = memoryBucket();
      await fill(bucket, KEYS);
      const view = bucket.view();
      await view.ready;
      return [bucket, view];
    }
    const store = new PlainStore("b");
    const view = new PlainView(store);
    await view.load(store);
    await fill(store, KEYS);
    return [store, view];
  },
};

/** Bytes that one load takes, by one subject; of the SDK, its code and first use are part. */
export async function measureHeap() {
  const query = new URLSearchParams(location.search);
  const [load, subject] = (query.get("of") ?? "").split(" ");
  const before = await used();
  const held = await loads[load ?? ""]?.(subject as Subject);
  const after = await used();
  if (!held) throw new Error("nothing was made");
  return { js: after.js - before.js, wasm: after.wasm - before.wasm, size: MANY };
}
