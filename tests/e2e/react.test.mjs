// The hooks for React, with real React: in a page, in StrictMode, on a server and on the store in memory;
// and under Node, as a server renders them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { complaints } from "./support/browser.mjs";
import { startReact } from "./support/react-page.mjs";
import { startServer } from "./support/server.mjs";

/** In the page, what app.jsx leaves there. @type {any} */
let app;

const { site, browser, server, open, stop } = await startReact();

after(stop);

const configurations = {
  "a server": () => ({ serverUrl: server.url }),
  "the store in memory": () => ({ transport: "memory" }),
};

for (const [backend, config] of Object.entries(configurations)) {
  describe(`the hooks on ${backend}`, () => {
    const onServer = backend === "a server";

    test("a list follows its bucket, in StrictMode too, over one socket", async () => {
      const { page, show, put, list, sockets, bucket, done } = await open(config());
      await put("user.1", "Alice");
      await show("List", { filter: "user.*" });
      assert.deepEqual(await list(1), ["user.1 Alice"]);
      await put("user.2", "Bob");
      await put("other", "no user");
      assert.deepEqual(await list(2), ["user.1 Alice", "user.2 Bob"]);
      await page.evaluate((name) => app.kv().bucket(name).delete("user.1"), bucket);
      assert.deepEqual(await list(1), ["user.2 Bob"]);
      assert.equal(sockets.length, onServer ? 1 : 0);
      await done();
    });

    test("a thousand components hold one socket, and one change renders one of them", async () => {
      const { page, show, put, rendered, live, done } = await open(config());
      await put("key-7", { n: 7 });
      await show("Entries", { count: 1000, decode: "json" });
      const ready = () => document.querySelectorAll("p[data-status=ready]").length === 1000;
      await page.waitForFunction(ready);
      assert.equal(await page.locator("#key-7").textContent(), '{"n":7}');
      assert.equal(await page.locator("#key-8").textContent(), "");
      assert.equal(live(), onServer ? 1 : 0);
      await rendered();
      await put("key-8", { n: 8 });
      await page.waitForSelector('#key-8[data-revision="2"]');
      // StrictMode renders twice.
      assert.deepEqual(await rendered(), ["key-8 ready", "key-8 ready"]);
      await done();
    });

    test("mutate() shows its change at once, stays the same function, and rolls back with the error", async () => {
      const { page, show, put, rendered, done } = await open(config());
      await put("n", 1);
      await show("Counter", { decode: "json" });
      await page.waitForSelector("button:text-is('1')");
      await rendered();
      await page.locator("button").click();
      await page.waitForSelector("button:text-is('2')");
      await page.waitForFunction(() => app.rendered.at(-1) === "2");
      const shown = await rendered();
      assert.ok(shown.includes("2 pending"), String(shown));
      assert.ok(!shown.slice(shown.indexOf("2 pending")).includes("1"), String(shown));
      const failed = await page.evaluate(async () => {
        const { mutate, mutateList } = app;
        const refused = await mutateList("n", () => Number.NaN).catch(
          (/** @type {any} */ error) => error.code,
        );
        await mutateList("n", (/** @type {any} */ entry) => entry.value + 1);
        return [refused, mutate === app.mutate, mutateList === app.mutateList];
      });
      assert.deepEqual(failed, ["VALIDATION_ERROR", true, true]);
      await page.waitForSelector("button:text-is('3')");
      await done();
    });

    test("another filter, and another handle, show nothing of what was before", async () => {
      const { page, show, put, list, rendered, live, done } = await open(config());
      for (const key of ["a.1", "a.2", "b.1"]) await put(key, key);
      await show("List", { filter: "a.*" });
      assert.deepEqual(await list(2), ["a.1 a.1", "a.2 a.2"]);
      await rendered();
      await show("List", { filter: "b.*" });
      assert.deepEqual(await list(1), ["b.1 b.1"]);
      assert.ok(!(await rendered()).some((shown) => shown.endsWith(" 2")));
      await show("List", { filter: ["a.1", "b.*"] });
      assert.deepEqual(await list(2), ["a.1 a.1", "b.1 b.1"]);
      await rendered();
      // A new filter array with equal contents is the same filter.
      await show("List", { filter: ["a.1", "b.*"] });
      await page.waitForFunction(() => app.rendered.length > 0);
      assert.deepEqual(new Set(await rendered()), new Set(["ready 2"]));
      await show("List", { filter: "a.*", handle: "another" });
      assert.deepEqual(await list(2), ["a.1 a.1", "a.2 a.2"]);
      assert.equal(live(), onServer ? 1 : 0);
      await done();
    });

    test("what is taken away and put back at once is there at once", async () => {
      const { page, show, put, list, rendered, sockets, done } = await open(config());
      await put("a", "1");
      await show("List");
      await list(1);
      await show("Nothing");
      await page.waitForSelector("ul", { state: "detached" });
      await rendered();
      await show("List");
      await list(1);
      assert.deepEqual(new Set(await rendered()), new Set(["ready 1"]));
      assert.equal(sockets.length, onServer ? 1 : 0);
      await done();
    });

    test("a component that unmounts while loading leaves no watch behind", async () => {
      const { page, bucket, show, sockets, done } = await open(config());
      await page.evaluate((name) => {
        app.show("List", { bucket: name });
        return new Promise((resolve) => {
          setTimeout(() => {
            app.unmount();
            resolve(undefined);
          });
        });
      }, bucket);
      const [socket] = sockets;
      if (socket && !socket.isClosed()) await socket.waitForEvent("close");
      assert.ok(sockets.every((each) => each.isClosed()));
      await show("List");
      await page.waitForSelector("ul[data-status=ready]", { state: "attached" });
      await done();
    });

    test("a missing bucket, a bad filter and a bad value are errors to be shown", async () => {
      const { page, show, put, list, done } = await open(config());
      await show("List", { bucket: "missing" });
      const shown = (/** @type {string} */ status, /** @type {string} */ code) =>
        page.waitForSelector(`[data-status=${status}][data-error=${code}]`, { state: "attached" });
      await shown("loading", "HTTP_404");
      await page.evaluate(() => app.kv().createBucket({ name: "missing" }));
      assert.deepEqual(await list(0), []);
      await page.waitForSelector("ul:not([data-error])", { state: "attached" });
      await page.evaluate(() => app.kv().deleteBucket("missing"));
      await shown("ready", "HTTP_404");
      await page.evaluate(() => app.kv().createBucket({ name: "missing" }));
      await page.waitForSelector("ul:not([data-error])", { state: "attached" });
      await page.evaluate(() => app.kv().deleteBucket("missing"));
      await show("List", { filter: "a..b" });
      await shown("closed", "VALIDATION_ERROR");
      await put("a", "no json");
      await show("Entry", { name: "a", decode: "json" });
      await shown("ready", "VALIDATION_ERROR");
      await put("a", true);
      await page.waitForSelector("p[data-status=ready]:not([data-error])");
      assert.equal(await page.locator("p").textContent(), "true");
      await done(/buckets\/missing\/watch.* failed: Error during WebSocket handshake/);
    });

    test("a handle made inside the component is the same each time", async () => {
      const { show, put, list, live, done } = await open(config());
      await put("a", "1");
      await show("Inside");
      assert.deepEqual(await list(1), ["a 1"]);
      await put("b", "2");
      assert.deepEqual(await list(2), ["a 1", "b 2"]);
      assert.equal(live(), onServer ? 1 : 0);
      await done();
    });

    test("without a bucket or key nothing is opened; wrong arguments are errors", async () => {
      const { page, show, sockets, done } = await open(config());
      await show("Mistaken");
      await page.waitForFunction(() => document.querySelectorAll("pre").length === 9);
      const shown = (await page.locator("pre").allTextContents()).map((text) => JSON.parse(text));
      const words = "the first argument must be a bucket returned by kv.bucket(name): found";
      const bad = await page.waitForFunction(() =>
        [...document.querySelectorAll("pre")].find((pre) =>
          /"filter","closed"/.test(pre.innerText),
        ),
      );
      assert.match(await bad.evaluate((pre) => pre?.innerText ?? ""), /key must be a string/);
      assert.deepEqual(
        shown.filter(([name]) => name !== "filter"),
        [
          ["undefined", "loading", null, 0, null],
          ["null", "loading", null, 0, null],
          ["string", "closed", `${words} "b"`, 0, null],
          ["function", "closed", `${words} function`, 0, null],
          ["object", "closed", `${words} object`, 0, null],
          ["no key", "loading", null, null, null],
          ["null key", "loading", null, null, null],
          ["no bucket", "loading", null, null, null],
        ],
      );
      assert.equal(sockets.length, 0);
      await done();
    });

    test("after configure() all components show the same, also one that joins later", async () => {
      const { page, bucket, show, put, live, done } = await open(config());
      await put("a", "old");
      await put("gone", "old");
      await show("Together");
      await page.waitForSelector('ul[data-status=ready][data-size="2"]');
      await page.evaluate(
        async ([settings, name]) => {
          app.client().configure({ ...settings, environment: `of-${name}` });
          await app.kv().createBucket({ name });
          await app.kv().bucket(name).put("a", "new");
        },
        /** @type {const} */ ([config(), bucket]),
      );
      await page.waitForSelector('ul[data-status=ready][data-size="1"]:not([data-error])');
      await page.waitForSelector(`p[data-status=ready]:has-text('${btoa("new")}')`);
      await show("Together", { joined: true });
      const ready = 'ul[data-status=ready][data-size="1"]';
      await page.waitForFunction((all) => document.querySelectorAll(all).length === 2, ready);
      assert.deepEqual(await page.locator("li").allTextContents(), ["a new", "a new"]);
      // Closed for all, and opened again for all by the next that joins.
      await page.evaluate(() => app.client().disconnect());
      await page.waitForSelector("p[data-status=closed]");
      assert.equal(await page.locator("[data-status=closed]").count(), 3);
      await show("Together");
      await page.waitForFunction(() => document.querySelectorAll("ul").length === 1);
      await show("Together", { joined: true });
      await page.waitForFunction(
        () => document.querySelectorAll("ul[data-status=ready]").length === 2,
      );
      assert.equal(live(), onServer ? 1 : 0);
      await done(/buckets\/.*\/watch.* failed: Error during WebSocket handshake/);
    });

    test("what a server has rendered is hydrated, and then comes to life", async () => {
      const { page, bucket, put, list, rendered, done } = await open(config());
      await put("a", "1");
      const { html } = await renderOnServer();
      await page.evaluate(
        ([markup, name]) => app.hydrate(markup, "List", { bucket: name }),
        /** @type {const} */ ([html, bucket]),
      );
      assert.deepEqual(await list(1), ["a 1"]);
      assert.equal((await rendered())[0], "loading 0");
      await done();
    });
  });
}

test("in a bucket of 100,000 keys, beside a list of them, one change renders what shows it", async () => {
  const { page, bucket, show, put, rendered, done } = await open({ transport: "memory" });
  await page.evaluate(async (name) => {
    const to = app.kv().bucket(name, { decode: "json" });
    for (let n = 0; n < 100_000; n += 1) await to.put(`key-${n}`, n);
  }, bucket);
  await show("Large", { count: 100, decode: "json" });
  await page.waitForSelector('p[data-status=ready]#size:has-text("100000")');
  const ready = () => document.querySelectorAll("p[data-revision]").length === 100;
  await page.waitForFunction(ready);
  await rendered();
  await put("key-8", true);
  await page.waitForSelector('#key-8[data-revision="100001"]');
  assert.deepEqual((await rendered()).sort(), [
    "all 100000",
    "all 100000",
    "key-8 ready",
    "key-8 ready",
  ]);
  await done();
});

test("after a 401 the hooks come back at setAuth()", async () => {
  const guarded = await startServer({ apiKeys: ["good"], allowOrigins: [server.url] });
  try {
    const config = { serverUrl: guarded.url, auth: { apiKey: "good" } };
    const { page, show, put, list, done } = await open(config);
    await put("a", "1");
    await page.evaluate(() => app.client().setAuth({ apiKey: "bad" }));
    await show("List");
    await page.waitForSelector("ul[data-status=loading][data-error=UNAUTHENTICATED]", {
      state: "attached",
    });
    await page.evaluate(() => app.client().setAuth({ apiKey: "good" }));
    assert.deepEqual(await list(1), ["a 1"]);
    await done(/ failed: HTTP Authentication failed/);
  } finally {
    await guarded.stop();
  }
});

test("the example of docs/frameworks.md", async () => {
  const url = `${server.url}/api/v1/kv/buckets`;
  const post = { method: "POST", headers: { "Content-Type": "application/json" } };
  await fetch(url, { ...post, body: JSON.stringify({ name: "todos" }) });
  const page = await browser.newPage();
  const complained = complaints(page);
  await page.goto(`${server.url}/recipe.html`);
  const put = (/** @type {string} */ key, /** @type {object} */ todo) =>
    page.evaluate(
      ([to, value]) => /** @type {any} */ (globalThis).todos.put(to, value),
      /** @type {const} */ ([key, todo]),
    );
  await put("todo.1", { title: "write", done: false });
  await page.waitForSelector("li:has-text('write') input:not(:checked)");
  await page.click("input");
  await page.waitForSelector("li:has-text('write') input:checked");
  await put("todo.2", { title: "read", done: true });
  await page.waitForSelector("li:has-text('read') input:checked");
  assert.deepEqual(complained, []);
  await page.close();
});

/** @returns {Promise<{ html: string, used: string[] }>} */
async function renderOnServer() {
  const address = pathToFileURL(join(site, "server.mjs")).href;
  const { renderList } = await import(address);
  return renderList();
}

test("a server renders what is loading, and opens nothing", async () => {
  const { html, used } = await renderOnServer();
  assert.equal(html, '<ul data-status="loading" data-size="0"></ul>');
  assert.deepEqual(used, []);
});
