// What every app does with the client: it writes, reads and watches a key of a bucket of its own.

/** What comes of it. */
export const OUTCOME = 'put 1, got {"say":"hello"}, saw put hi';

/** @param {{ ironflow: import("@ironflow/browser").IronflowClient }} api @param {string} server its URL, or "memory" */
export async function exercise({ ironflow }, server) {
  ironflow.configure(server === "memory" ? { transport: "memory" } : { serverUrl: server });
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
  return `put ${revision}, got ${JSON.stringify(entry.json())}, saw ${event.operation} ${event.text()}`;
}
