import type { IronflowClient } from "@ironflow/browser";

/** Writes, reads and watches a key of a bucket of its own. */
export async function exercise(ironflow: IronflowClient, serverUrl: string): Promise<string> {
  ironflow.configure({ serverUrl });
  const kv = ironflow.kv();
  const name = `app-${Date.now()}-${String(Math.random()).slice(2)}`;
  await kv.createBucket({ name });
  const bucket = kv.bucket(name);
  const { revision } = await bucket.put("greeting", { say: "hello" });
  const entry = await bucket.get("greeting");
  const watcher = bucket.watch();
  await watcher.ready;
  await bucket.put("greeting", "hi");
  const { value: event } = await watcher[Symbol.asyncIterator]().next();
  watcher.stop();
  await kv.deleteBucket(name);
  return `put ${revision}, got ${JSON.stringify(entry.json())}, saw ${event?.operation} ${event?.text()}`;
}
