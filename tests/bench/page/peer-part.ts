// The SDK beside the client of NATS, which speaks to the same nats-server over its WebSocket.

import { createClient } from "@ironflow/browser";
import { type KV, Kvm } from "@nats-io/kv";
import { wsconnect } from "@nats-io/nats-core";
import { buckets, VALUE } from "./operations.js";
import { add } from "./report.js";
import { alternate, each, pace } from "./rounds.js";

const BUCKET = "peers";
const KEY = "user.1";

const address = new URLSearchParams(location.search).get("nats") ?? "";

/** Writes a key and waits for its event, again and again. */
function roundTrip(write: () => Promise<number>) {
  let newest = 0;
  let resolve = () => {};
  return {
    receive(revision: number) {
      newest = Math.max(newest, revision);
      resolve();
    },
    work: each(async () => {
      const revision = await write();
      while (newest < revision) {
        await new Promise<void>((next) => {
          resolve = next;
        });
      }
    }),
  };
}

/** Has each change delivered. */
export async function watchByNats(kv: KV, receive: (key: string, revision: number) => void) {
  const changes = await kv.watch({ ignoreDeletes: true });
  (async () => {
    for await (const { key, revision } of changes) receive(key, revision);
  })();
  return () => changes.stop();
}

export async function measurePeers() {
  const bare = buckets.bare(location.origin, BUCKET);
  const kv = createClient({ serverUrl: location.origin }).kv();
  await kv.createBucket({ name: BUCKET });
  const sdk = kv.bucket(BUCKET);
  const connection = await wsconnect({ servers: address });
  const nats = await new Kvm(connection).open(BUCKET);
  const text = JSON.stringify(VALUE);
  for (const write of [() => sdk.put(KEY, VALUE), () => nats.put(KEY, text)]) await write();

  const get = {
    bare: each(() => bare.get(KEY)),
    sdk: each(() => sdk.get(KEY)),
    nats: each(async () => (await nats.get(KEY))?.json()),
  };
  add("peers.get", await alternate(get, pace(31, 40)));
  const put = {
    bare: each(() => bare.put(KEY, VALUE)),
    sdk: each(() => sdk.put(KEY, VALUE)),
    nats: each(() => nats.put(KEY, text)),
  };
  add("peers.put", await alternate(put, pace(31, 40)));

  const own = roundTrip(async () => (await sdk.put(KEY, VALUE)).revision);
  const theirs = roundTrip(() => nats.put(KEY, text));
  const watcher = sdk.watch({ onUpdate: ({ revision }) => own.receive(revision) });
  await watcher.ready;
  const stop = await watchByNats(nats, (_, revision) => theirs.receive(revision));
  add("peers.watch", await alternate({ sdk: own.work, nats: theirs.work }, pace(21, 40)));
  watcher.stop();
  stop();
  await connection.close();
}
