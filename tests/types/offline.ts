// Storages as an application with types uses them.

import {
  createClient,
  type KVOutboxEntry,
  type KVStorage,
  type KVViewStatus,
} from "@ironflow/browser";
import {
  createStorage,
  indexedDBStorage,
  type KVStorageBackend,
  type KVStoredRecord,
} from "@ironflow/browser/offline";

const kept = new Map<string, KVStoredRecord[]>();

const backend: KVStorageBackend = {
  async read(scope, view) {
    const records = kept.get(scope + view);
    return records && { meta: { version: 1, freshAsOf: 0 }, records };
  },
  async write(scope, view, { put }) {
    kept.set(scope + view, put);
    return true;
  },
  async clear() {
    kept.clear();
  },
};

export async function storages(): Promise<void> {
  const storage: KVStorage = indexedDBStorage({ name: "app", scope: "alice" });
  const own: KVStorage = createStorage({ name: "app", scope: "alice", backend });
  const bucket = createClient().kv().bucket("b");
  const status: KVViewStatus = bucket.view({ persist: storage }).status;
  bucket.view({ key: "a", persist: own });
  // @ts-expect-error it is no storage
  bucket.view({ persist: backend });
  // @ts-expect-error a scope is required
  indexedDBStorage({ name: "app" });
  await storage.clear();
  await storage.clear("bob");
  const client = createClient({
    outbox: indexedDBStorage({ name: "app", scope: "alice" }),
    onConflict: ({ mine, theirs }) => theirs?.value ?? mine?.value,
  });
  const first: KVOutboxEntry | undefined = client.outbox.entries()[0];
  if (first) await client.outbox.discard(first.id);
  // @ts-expect-error there is no outbox
  createClient().outbox;
  console.log(status, storage.scope);
}
