// The client in a module worker: nothing of it assumes a window.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { complaints } from "./support/browser.mjs";
import { serveBrowser } from "./support/served-browser.mjs";

/** @type {Awaited<ReturnType<typeof serveBrowser>>} */
let served;
before(async () => {
  served = await serveBrowser();
});
after(() => served?.close());

/** What the worker does: it writes, reads and watches, and posts what came of it. */
const program = `
  const { createClient } = await import(ORIGIN + "/pkg/index.js");
  const client = createClient(CONFIG);
  await client.kv().createBucket({ name: "worker" });
  const bucket = client.kv().bucket("worker");
  await bucket.put("a", "1");
  const events = [];
  for await (const event of bucket.watch({ initial: true })) {
    events.push(event.key + " " + event.text());
    if (event.key === "a") await bucket.put("b", "2");
    else break;
  }
  const entry = await bucket.get("b");
  await client.kv().deleteBucket("worker");
  postMessage({ events, read: entry.text() });
`;

for (const where of ["memory", "server"]) {
  test(`it reads, writes and watches in a worker (${where})`, async () => {
    const page = await served.browser.newPage();
    const complained = complaints(page);
    await page.goto(served.url);
    const config = where === "memory" ? { transport: "memory" } : { serverUrl: served.url };
    const code = program
      .replace("ORIGIN", JSON.stringify(served.url))
      .replace("CONFIG", JSON.stringify(config));
    const said = await page.evaluate((source) => {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const worker = new Worker(url, { type: "module" });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
    }, code);
    assert.deepEqual(said, { events: ["a 1", "b 2"], read: "2" });
    assert.deepEqual(complained, []);
    await page.close();
  });
}
