// console.log shows the class, bucket and state of the package's objects, in Node and in Chrome, and nothing that is
// secret or internal.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { api } from "./support/api.mjs";
import { launchBrowser } from "./support/browser.mjs";
import { packageSite } from "./support/package-site.mjs";
import { startServer } from "./support/server.mjs";

const SECRET = "not-to-be-shown";
const auth = { token: SECRET };

/**
 * One of each object, of a client with credentials. It also runs in a page.
 *
 * @param {typeof import("@ironflow/browser")} api
 * @param {import("@ironflow/browser").IronflowConfigOptions} config
 */
async function objects({ createClient, IronflowClient, ironflow }, config) {
  const client = createClient(config);
  const kv = client.kv();
  await kv.createBucket({ name: "flags" });
  const bucket = kv.bucket("flags", { decode: "json" });
  await bucket.put("dark-mode", { on: true });
  const watch = bucket.watch({ onUpdate() {} });
  const view = bucket.view();
  await Promise.all([watch.ready, view.ready]);
  const late = new IronflowClient();
  const entry = await bucket.get("dark-mode");
  const viewEntry = view.get("dark-mode");
  const snapshot = view.getSnapshot();
  const shown = { client, ironflow, late, kv, bucket, watch, view, snapshot, entry, viewEntry };
  return { shown, client };
}

/** @param {string} text */
function assertNothingSecret(text) {
  for (const hidden of [SECRET, "__wbg", "_ptr"])
    assert.ok(!text.includes(hidden), `${hidden} in ${text}`);
}

describe("console.log in Node shows", async () => {
  /** @type {Awaited<ReturnType<typeof objects>>} */
  let made;
  before(async () => {
    made = await objects(api, { transport: "memory", auth });
  });
  after(() => made?.client.disconnect());

  const state = "state: 'connected'";
  const entry = "key: 'dark-mode', value: (\\[Object\\]|{ on: true }), revision: 1";
  const viewEntry = `KVViewEntry { ${entry}, created_at: '[^']+' }`;
  /** @type {Record<string, string>} */
  const expected = {
    client:
      "IronflowClient { mode: 'memory', serverUrl: 'http:[^']+', connectionState: 'connected' }",
    ironflow: "IronflowClient { isConfigured: false }",
    late: "IronflowClient { isConfigured: false }",
    kv: "BrowserKVClient {}",
    bucket: "BrowserKVBucketHandle { name: 'flags' }",
    watch: `KVWatcher { bucket: 'flags', ${state} }`,
    view: `KVView { bucket: 'flags', ${state}, status: 'ready',[^]*${viewEntry}[^]*}`,
    snapshot: `KVViewSnapshot { ${state}, status: 'ready',[^]*${viewEntry}[^]*}`,
    entry: `KVEntry { ${entry},[^]*}`,
    viewEntry,
  };
  for (const [name, pattern] of Object.entries(expected)) {
    test(`the contents of ${name}`, () => {
      const object = made.shown[/** @type {keyof typeof made.shown} */ (name)];
      const text = inspect(object);
      assert.match(text.replace(/\s+/g, " "), new RegExp(`^${pattern}$`));
      assertNothingSecret(text);
      assertNothingSecret(inspect({ deep: [object] }, { depth: 10, showHidden: false }));
      assertNothingSecret(JSON.stringify(object));
    });
  }
});

test("postMessage copies the fields of entries and events, and of errors what toJSON() gives", async (t) => {
  const client = api.createClient({ transport: "memory" });
  const { port1, port2 } = new MessageChannel();
  t.after(() => {
    client.disconnect();
    port1.close();
  });
  const kv = client.kv();
  await kv.createBucket({ name: "flags" });
  const bucket = kv.bucket("flags", { decode: "json" });
  /** @type {unknown[]} */
  const events = [];
  const view = bucket.view();
  await bucket.watch({ onUpdate: (event) => events.push(event) }).ready;
  await bucket.put("dark-mode", { on: true });
  await view.ready;
  const missing = await bucket.get("missing").catch((error) => error);
  const sent = {
    entry: await bucket.get("dark-mode"),
    entries: view.entries(),
    history: await bucket.history("dark-mode"),
    events,
    error: missing.toJSON(),
  };
  assert.ok(sent.entries.length === 1 && events.length === 1);
  const received = once(port2, "message");
  port1.postMessage(sent);
  const [data] = await received;
  assert.deepEqual(data, JSON.parse(JSON.stringify(sent)));
  const { name, code, key, message } = data.error;
  assert.deepEqual([name, code, key], ["IronflowError", "HTTP_404", "missing"]);
  assert.equal(message, missing.message);

  const plain = structuredClone(missing);
  assert.deepEqual([plain.name, plain.message, plain.code], ["Error", missing.message, undefined]);
});

test("a client shows its server, and a handle of its own nothing of the configuration", () => {
  const serverUrl = "http://localhost:1/base";
  const client = api.createClient({ serverUrl, auth });
  assert.match(inspect(client), /^IronflowClient \{\s+mode: 'server',\s+serverUrl: '.*:1\/base'/);
  const own = new api.BrowserKVBucketHandle("flags", { serverUrl, auth });
  assert.equal(inspect(own), "BrowserKVBucketHandle { name: 'flags' }");
});

describe("the console of Chrome shows", async () => {
  /** @type {Awaited<ReturnType<typeof launchBrowser>>} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let own;
  const site = packageSite();
  /** @type {Map<string, { className: string, fields: Record<string, string> }>} */
  const logged = new Map();

  before(async () => {
    browser = await launchBrowser();
    own = await startServer({ staticDir: site.dir });
    const page = await browser.newPage();
    await page.goto(own.url);
    const session = await page.context().newCDPSession(page);
    const ended = new Promise((resolve) => {
      session.on("Runtime.consoleAPICalled", ({ args: [name, object] }) => {
        const fields = object?.preview?.properties.map((each) => [each.name, each.value]);
        logged.set(name?.value, {
          className: object?.className ?? "",
          fields: Object.fromEntries(fields ?? []),
        });
        if (name?.value === "end") resolve(undefined);
      });
    });
    await session.send("Runtime.enable");
    await page.evaluate(
      async ({ make, auth }) => {
        const module = await import(/** @type {string} */ ("/pkg/index.js"));
        const config = { serverUrl: location.origin, auth };
        const made = await new Function(`return ${make}`)()(module, config);
        for (const [name, object] of Object.entries(made.shown)) console.log(name, object);
        console.log("end");
        made.client.disconnect();
      },
      { make: objects.toString(), auth },
    );
    await ended;
  });
  after(async () => {
    await browser?.close();
    await own?.stop();
    site.remove();
  });

  const entry = { key: "dark-mode", value: "Object", revision: "1" };
  /** @type {[string, string, Record<string, string>][]} */
  const expected = [
    ["client", "IronflowClient", {}],
    ["ironflow", "IronflowClient", {}],
    ["late", "IronflowClient", {}],
    ["kv", "BrowserKVClient", {}],
    ["bucket", "BrowserKVBucketHandle", { name: "flags" }],
    ["watch", "KVWatcher", { bucket: "flags" }],
    ["view", "KVView", { bucket: "flags" }],
    ["snapshot", "KVViewSnapshot", { state: "connected", status: "ready" }],
    ["entry", "KVEntry", entry],
    ["viewEntry", "KVViewEntry", entry],
  ];
  for (const [name, className, fields] of expected) {
    test(`the class and the fields of ${name}`, () => {
      const found = logged.get(name);
      assert.equal(found?.className, className);
      assert.deepEqual({ ...found?.fields, ...fields }, found?.fields);
      assertNothingSecret(JSON.stringify(found));
    });
  }
});
