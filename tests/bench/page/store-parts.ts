// The store in memory and views, beside a Map with the same rules and a Map alone.

import type { BrowserKVBucketHandle } from "@ironflow/browser";
import { createClient } from "@ironflow/browser";
import type { WatchEvent } from "../plain/feed.js";
import { PlainStore } from "../plain/store.js";
import { VALUE } from "./operations.js";
import { add } from "./report.js";
import { alternate, each, isQuick, pace, type Samples, type Work } from "./rounds.js";

const SIZES = isQuick ? [1, 10, 100, 1_000] : [1, 10, 100, 1_000, 10_000];
export const MANY = isQuick ? 10_000 : 100_000;

/** A Map of JSON texts: what it takes to keep what is stored apart from what its users hold. */
class BareMap {
  #revision = 0;
  readonly #entries = new Map<string, { text: string; revision: number; created_at: string }>();

  async put(key: string, value: unknown) {
    this.#revision += 1;
    const created_at = new Date().toISOString();
    this.#entries.set(key, { text: JSON.stringify(value), revision: this.#revision, created_at });
    return { revision: this.#revision };
  }

  async get(key: string) {
    const { text, revision, created_at } = this.#entries.get(key) ?? { text: "null" };
    return { key, value: JSON.parse(text), revision, created_at, operation: "put" };
  }

  async listKeys(prefix: string) {
    return [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
  }
}

export function memoryBucket(): BrowserKVBucketHandle {
  const client = createClient({ transport: "memory", memory: { buckets: [{ name: "b" }] } });
  return client.kv().bucket("b");
}

interface Store {
  put(key: string, value: unknown): Promise<{ revision: number }>;
}

export async function fill(store: Store, keys: string[]) {
  for (const key of keys) await store.put(key, VALUE);
}

/** Operations on a bucket with so many keys. */
export async function measureStore() {
  for (const size of SIZES) {
    const stores = { bare: new BareMap(), plain: new PlainStore("b"), sdk: memoryBucket() };
    const keys = Array.from({ length: size }, (_, n) => `user.${n}`);
    for (const store of Object.values(stores)) await fill(store, keys);
    const key = turns(keys);
    add("store.put", await both(stores, (store) => store.put(key(), VALUE)), size);
    add("store.get", await both(stores, (store) => store.get(key())), size);
  }
}

/** The keys, one after the other, again and again, in an order of their own. */
function turns(keys: string[]) {
  let at = 0;
  return () => {
    at += 7919;
    return keys[at % keys.length] ?? "";
  };
}

function both<T extends object, K extends string>(
  stores: Record<K, T>,
  once: (store: T) => Promise<unknown>,
): Promise<Samples> {
  const entries = Object.entries<T>(stores);
  const works = entries.map(([subject, store]) => [subject, each(() => once(store))]);
  return alternate(Object.fromEntries(works), pace(21, 10));
}

/** `listKeys("user.>")` where 10 keys match of many. */
export async function measureListing() {
  const sizes = isQuick ? [100, 1_000, MANY] : [100, 1_000, 10_000, MANY];
  for (const size of sizes) {
    const stores = { bare: new BareMap(), plain: new PlainStore("b"), sdk: memoryBucket() };
    const kinds = ["order", "cart", "user-session", "flag"];
    const keys = Array.from({ length: size }, (_, n) =>
      n % (size / 10) === 0 ? `user.${n}` : `${kinds[n % 4]}.${n}`,
    );
    for (const store of Object.values(stores)) await fill(store, keys);
    const works: Record<string, Work> = {
      bare: each(() => stores.bare.listKeys("user.")),
      plain: each(() => stores.plain.listKeys("user.>")),
      sdk: each(() => stores.sdk.listKeys("user.>")),
    };
    const found = await stores.sdk.listKeys("user.>");
    if (found.length !== 10) throw new Error(`${found.length} keys found`);
    add("listing", await alternate(works, pace(15, 10)), size);
  }
}

/** A replica by hand: a Map that a watch keeps. */
export class PlainView {
  readonly map = new Map<string, WatchEvent>();

  readonly #watch: { stop(): void };

  constructor(store: PlainStore) {
    this.#watch = store.watch((event) => {
      if (event.operation === "put") this.map.set(event.key, event);
      else this.map.delete(event.key);
    });
  }

  stop() {
    this.#watch.stop();
  }

  /** Takes in what there is. */
  async load(store: PlainStore) {
    for (const key of await store.listKeys()) {
      const { value, revision } = await store.get(key);
      const event = { type: "kv_update", key, value, revision, bucket: "b" } as const;
      this.map.set(key, { ...event, operation: "put" });
    }
  }
}

/** Views of the store in memory: to build one, to deliver a change to it, to get a snapshot after it, and a snapshot alone. */
export async function measureViews() {
  for (const size of [...SIZES.slice(1), MANY]) {
    const keys = Array.from({ length: size }, (_, n) => `user.${n}`);
    const sdk = memoryBucket();
    const plain = new PlainStore("b");
    for (const store of [sdk, plain]) await fill(store, keys);
    const few = { rounds: isQuick ? 2 : size < MANY ? 11 : 5, batch: 5 };
    // Microseconds for a view; the report divides by its keys.
    const built = await alternate(
      {
        plain: each(async () => {
          const view = new PlainView(plain);
          await view.load(plain);
          if (view.map.size !== size) throw new Error(`${view.map.size} entries`);
          view.stop();
        }),
        sdk: each(async () => {
          const view = sdk.view();
          await view.ready;
          if (view.size !== size) throw new Error(`${view.size} entries`);
          view.stop();
        }),
      },
      few,
    );
    add("views.build", built, size);

    const view = sdk.view();
    await view.ready;
    const replica = new PlainView(plain);
    for (const key of keys) await plain.put(key, VALUE);
    const key = turns(keys);
    const written = async (store: Store) => {
      await store.put(key(), VALUE);
    };
    const update = { plain: each(() => written(plain)), sdk: each(() => written(sdk)) };
    add("views.update", await alternate(update, pace(15, 10)), size);

    const snapshot = {
      plain: each(async () => {
        await written(plain);
        if (new Map(replica.map).size !== size) throw new Error("a key is missing");
      }),
      sdk: each(async () => {
        await written(sdk);
        if (view.getSnapshot().size !== size) throw new Error("a key is missing");
      }),
    };
    add("views.snapshot", await alternate(snapshot, pace(15, 10)), size);

    // The same change to a view of which no snapshots are taken: what more it takes is a snapshot's cost, with what
    // later changes cost because of it.
    const other = memoryBucket();
    await fill(other, keys);
    const unread = other.view();
    await unread.ready;
    const change = {
      bare: each(async () => {
        const name = key();
        await other.put(name, VALUE);
        if (unread.get(name) === undefined) throw new Error("a key is missing");
      }),
      sdk: each(async () => {
        const name = key();
        await sdk.put(name, VALUE);
        if (view.getSnapshot().get(name) === undefined) throw new Error("a key is missing");
      }),
    };
    add("views.change", await alternate(change, pace(15, 10)), size);
    unread.stop();
    view.stop();
  }
}
