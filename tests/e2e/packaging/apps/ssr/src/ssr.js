// What an app with a server does: it runs an entry on the server and in the page, and starts the page with entries that
// the server has read.

import { createClient } from "@ironflow/browser";
import { dehydrate, hydrate } from "@ironflow/browser/ssr";

/** Runs the entry. @returns {Promise<string>} what comes of it */
async function run(entry, server) {
  try {
    const module = await (entry === "slim" ? import("./slim.js") : import("./default.js"));
    return await module.run(server);
  } catch (error) {
    return String(error?.stack ?? error);
  }
}

/** On the server: what the page gets. */
export async function load(entry, server) {
  const client = createClient({ serverUrl: server });
  const name = `ssr-${Date.now()}-${String(Math.random()).slice(2)}`;
  await client.kv().createBucket({ name });
  const bucket = client.kv().bucket(name, { decode: "text" });
  await bucket.put("greeting", "hi");
  const data = dehydrate(await bucket.entries());
  return { entry, server, name, data, outcome: await run(entry, server) };
}

const sources = new Map();

/** The arguments of `useKV` or `kvStore`: the same each time. */
export function source({ server, name, data }) {
  if (!sources.has(name)) {
    const bucket = createClient({ serverUrl: server }).kv().bucket(name, { decode: "text" });
    sources.set(name, [bucket, undefined, { persist: hydrate(data) }]);
  }
  return sources.get(name);
}

/** What the page has rendered, in order. */
const rendered = new Set();
let ready;
const isReady = new Promise((resolve) => {
  ready = resolve;
});

/** The text to render. */
export function show(status, entries) {
  const text = `${status}: ${entries.map(({ value }) => value)}`;
  rendered.add(text);
  if (status === "ready") ready();
  return text;
}

/** In the page: leaves in it what came of it all. */
export async function report({ entry, server, outcome }) {
  const found = await run(entry, server);
  await isReady;
  const html = await (await fetch(location.href)).text();
  const problem = [
    found !== outcome && `on the server: ${outcome}; in the page: ${found}`,
    String([...rendered]) !== "stale: hi,ready: hi" && `rendered: ${[...rendered]}`,
    !html.includes("stale: hi") && `the server has rendered: ${html}`,
  ].find(Boolean);
  document.documentElement.dataset.outcome = problem || found;
}
