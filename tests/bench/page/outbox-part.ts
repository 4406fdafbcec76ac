// The replay of an outbox: from the end of an outage until the server has all writes.

import { createClient } from "@ironflow/browser";
import { indexedDBStorage } from "@ironflow/browser/offline";
import { buckets, VALUE } from "./operations.js";
import { add } from "./report.js";
import { isQuick } from "./rounds.js";

const WRITES = isQuick ? 100 : 1_000;
const ROUNDS = isQuick ? 2 : 3;

const { fetch } = globalThis;

export async function measureOutbox() {
  let isOffline = false;
  globalThis.fetch = (...given) =>
    isOffline ? Promise.reject(new TypeError("Failed to fetch")) : fetch(...given);
  const outbox = indexedDBStorage({ name: "bench", scope: "user-123" });
  const client = createClient({ serverUrl: location.origin, logger: false, outbox });
  await client.kv().createBucket({ name: "outbox" });
  const bucket = client.kv().bucket("outbox");
  await bucket.put("first", VALUE);
  const bare = buckets.bare(location.origin, "outbox");

  const queued: number[] = [];
  const sdk: number[] = [];
  const one: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = Array.from({ length: WRITES }, (_, n) => `user.${round}.${n}`);
    isOffline = true;
    let began = performance.now();
    const writes = keys.map((key) => bucket.put(key, VALUE));
    while (client.outbox.size < WRITES) await new Promise((later) => setTimeout(later, 1));
    queued.push(((performance.now() - began) * 1000) / WRITES);
    isOffline = false;
    began = performance.now();
    client.outbox.flush();
    await Promise.all(writes);
    sdk.push(((performance.now() - began) * 1000) / WRITES);

    began = performance.now();
    for (const key of keys) await bare.put(`bare.${key}`, VALUE);
    one.push(((performance.now() - began) * 1000) / WRITES);
  }
  add("outbox.queue", { sdk: queued }, WRITES);
  add("outbox.replay", { bare: one, sdk }, WRITES);
  client.disconnect();
}
