// A persisted view as after a reload: from view() to its entries, beside a page that reads the same records by hand.

import { createClient, type KVStorage } from "@ironflow/browser";
import { indexedDBStorage } from "@ironflow/browser/offline";
import { VALUE } from "./operations.js";
import { add } from "./report.js";
import { alternate, each, pace } from "./rounds.js";

const SIZE = 10_000;
const NAME = "bench";

/** A server that cannot be reached: what is shown comes from IndexedDB. */
const serverUrl = "http://127.0.0.1:9";

/** What a view calls of a storage. */
interface Opened {
  open(...given: unknown[]): { synced(entries: Map<string, unknown>): void };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The database of the storage, which the storage has made. */
async function openEntries() {
  const database = await done(indexedDB.open(`ironflow:${NAME}`));
  return { database, entries: database.transaction("entries").objectStore("entries") };
}

async function countStored() {
  const databases = await indexedDB.databases();
  if (!databases.some(({ name }) => name === `ironflow:${NAME}`)) return 0;
  const { database, entries } = await openEntries();
  const count = await done(entries.count());
  database.close();
  return count;
}

function openView(persist: KVStorage) {
  const client = createClient({ serverUrl, logger: false, retry: false });
  const view = client.kv().bucket("b", { decode: "json" }).view({ persist });
  return {
    view,
    close() {
      view.stop();
      client.disconnect();
    },
  };
}

/** Stores what a view would store that has all entries: nothing is read from a server. */
async function store() {
  const bytes = new TextEncoder().encode(JSON.stringify(VALUE));
  const entries = Array.from({ length: SIZE }, (_, n) => {
    return [`user.${n}`, { revision: n + 1, bytes: () => bytes }] as const;
  });
  const storage = indexedDBStorage({ name: NAME, scope: "user-123" }) as unknown as Opened;
  const persist = {
    open(...given: unknown[]) {
      const kept = storage.open(...given);
      kept.synced(new Map(entries));
      return kept;
    },
  };
  const { close } = openView(persist as unknown as KVStorage);
  while ((await countStored()) < SIZE) await new Promise((later) => setTimeout(later, 20));
  close();
}

async function readByHand() {
  const { database, entries } = await openEntries();
  const decoder = new TextDecoder();
  const map = new Map<string, unknown>();
  for (const { key, bytes } of await done(entries.getAll()))
    map.set(key, JSON.parse(decoder.decode(bytes)));
  database.close();
  if (map.size !== SIZE) throw new Error(`${map.size} entries`);
}

async function readByView() {
  const { view, close } = openView(indexedDBStorage({ name: NAME, scope: "user-123" }));
  await view.ready;
  if (view.status !== "stale" || view.size !== SIZE) throw new Error(`${view.size} entries`);
  close();
}

export async function measurePersisted() {
  await store();
  add(
    "views.open",
    await alternate({ bare: each(readByHand), sdk: each(readByView) }, pace(11, 100)),
    SIZE,
  );
}
