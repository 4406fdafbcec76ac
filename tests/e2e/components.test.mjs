// The composables for Vue and the stores for Svelte, with real components: in Chromium, on a server and on the store
// in memory; and under Node, as a server renders them.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { openComponents, writeComponentPage } from "./support/component-page.mjs";
import { bundleComponents } from "./support/components.mjs";
import { root } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const frameworks = /** @type {const} */ (["vue", "svelte"]);
const sources = join(root, "tests/e2e/components");
const site = mkdtempSync(join(tmpdir(), "ironflow-components-"));
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;

/** The example of docs/frameworks.md, mounted by a module. @param {typeof frameworks[number]} framework */
function writeExample(framework) {
  const guide = readFileSync(join(root, "docs/frameworks.md"), "utf8");
  const code = new RegExp(`^\`\`\`${framework}\n(.*?)^\`\`\`$`, "ms").exec(guide)?.[1] ?? "";
  assert.match(code, /http:\/\/localhost:9123/);
  const file = join(site, framework, `Example.${framework}`);
  writeFileSync(file, code.replace('"http://localhost:9123"', "location.origin"));
  const mount = {
    vue: 'import { createApp } from "vue"; createApp(Example).mount("#root");',
    svelte:
      'import { mount } from "svelte"; mount(Example, { target: document.getElementById("root") });',
  }[framework];
  const main = join(site, framework, "example-main.js");
  writeFileSync(main, `import Example from "./Example.${framework}";\n${mount}\n`);
  return main;
}

before(async () => {
  for (const framework of frameworks) {
    const folder = join(site, framework);
    mkdirSync(folder);
    const page = join(sources, framework, "page.js");
    const forServer = join(sources, framework, "server.js");
    await bundleComponents(join(sources, "app.js"), page, join(folder, "app.js"));
    await bundleComponents(join(sources, "ssr.js"), forServer, join(folder, "ssr.mjs"), {
      server: true,
    });
    await bundleComponents(writeExample(framework), page, join(folder, "example.js"));
    for (const name of ["app", "example"]) writeComponentPage(folder, name);
  }
  [browser, server] = await Promise.all([launchBrowser(), startServer({ staticDir: site })]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(site, { recursive: true, force: true });
});

/** In the page, what app.js leaves there. @type {any} */
let app;

/** A page with a client and a bucket. @param {string} framework @param {object} config */
const open = (framework, config) =>
  openComponents(browser, `${server.url}/${framework}/app.html`, framework, config);

/** @param {string} framework @returns {Promise<{ html: string, used: string[] }>} */
async function renderOnServer(framework) {
  const { renderList } = await import(pathToFileURL(join(site, framework, "ssr.mjs")).href);
  return renderList();
}

const configurations = {
  "a server": () => ({ serverUrl: server.url }),
  "the store in memory": () => ({ transport: "memory" }),
};

for (const framework of frameworks) {
  for (const [backend, config] of Object.entries(configurations)) {
    const onServer = backend === "a server";

    describe(`${framework} on ${backend}`, () => {
      test("a list follows its bucket and its filter over one socket", async () => {
        const { page, bucket, show, put, list, sockets, done } = await open(framework, config());
        await put("user.1", "Alice");
        await show("List", { filter: "user.*" });
        assert.deepEqual(await list(1), ["user.1 Alice"]);
        await put("user.2", "Bob");
        await put("other", "no user");
        assert.deepEqual(await list(2), ["user.1 Alice", "user.2 Bob"]);
        await page.evaluate((name) => app.kv().bucket(name).delete("user.1"), bucket);
        assert.deepEqual(await list(1), ["user.2 Bob"]);
        assert.equal(sockets.length, onServer ? 1 : 0);
        await show("List", { filter: "other" });
        await page.waitForSelector("li:has-text('other no user')");
        assert.deepEqual(await list(1), ["other no user"]);
        await show("List");
        assert.deepEqual(await list(2), ["other no user", "user.2 Bob"]);
        await show("List", { bucket: "" });
        await page.waitForSelector("ul[data-status=loading]", { state: "attached" });
        await done();
      });

      test("a thousand components hold one socket, and one change renders one of them", async () => {
        const { page, show, put, rendered, live, done } = await open(framework, config());
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
        assert.deepEqual(await rendered(), ["key-8"]);
        await done();
      });

      test("mutate() shows its change at once, and rolls back with the error", async () => {
        const { page, show, put, rendered, done } = await open(framework, {
          ...config(),
          retry: false,
        });
        const refused = () =>
          page.evaluate(() =>
            app.mutateList("n", () => Number.NaN).catch((/** @type {any} */ e) => e.code),
          );
        await put("n", 1);
        await show("Counter", { decode: "json", recorded: true });
        await page.waitForSelector("button:text-is('1')");
        await rendered();
        const click = async (/** @type {number} */ value) => {
          await page.click("button");
          await page.waitForSelector(`button:text-is('${value}'):not([data-pending])`);
          return [...new Set(await rendered())];
        };
        assert.deepEqual(await click(2), ["2 pending", "2"]);
        assert.equal(await refused(), "VALIDATION_ERROR");
        await page.evaluate(() =>
          app.mutateList("n", (/** @type {any} */ entry) => entry.value + 1),
        );
        await page.waitForSelector("button:text-is('3'):not([data-pending])");
        if (onServer) {
          await page.route("**/keys/n", (route) => route.abort());
          await rendered();
          const shown = await click(3);
          assert.deepEqual(shown.sort(), ["3", "4 pending", "REQUEST_FAILED"]);
        }
        await show("Counter", { bucket: "", recorded: true });
        await page.waitForSelector("button:not(:text('3'))", { state: "attached" });
        assert.equal(await refused(), "VALIDATION_ERROR");
        await done(/net::ERR_FAILED/);
      });

      test("a component that unmounts while loading or later leaves no socket", async () => {
        const { page, bucket, show, put, list, sockets, done } = await open(framework, config());
        await page.evaluate((name) => {
          app.show("List", { bucket: name });
          return new Promise((resolve) => {
            setTimeout(() => {
              app.unmount();
              resolve(undefined);
            });
          });
        }, bucket);
        await put("a", "1");
        await show("List");
        assert.deepEqual(await list(1), ["a 1"]);
        await page.evaluate(() => app.unmount());
        for (const socket of sockets) if (!socket.isClosed()) await socket.waitForEvent("close");
        await done();
      });

      test("a missing bucket and a value that does not decode are errors to show", async () => {
        const { page, show, put, list, done } = await open(framework, config());
        await show("List", { bucket: "missing" });
        await page.waitForSelector("[data-status=loading][data-error=HTTP_404]", {
          state: "attached",
        });
        await page.evaluate(() => app.kv().createBucket({ name: "missing" }));
        assert.deepEqual(await list(0), []);
        await page.evaluate(() => app.kv().deleteBucket("missing"));
        await page.waitForSelector("ul[data-error=HTTP_404]", { state: "attached" });
        await put("a", "no json");
        await show("Entry", { name: "a", decode: "json" });
        await page.waitForSelector("p[data-status=ready][data-error=VALIDATION_ERROR]", {
          state: "attached",
        });
        await put("a", true);
        await page.waitForSelector("p[data-status=ready]:not([data-error])");
        assert.equal(await page.locator("p").textContent(), "true");
        await done(/buckets\/missing\/watch.* failed: Error during WebSocket handshake/);
      });

      test("without a bucket or key nothing is opened; wrong arguments are errors", async () => {
        const { page, show, sockets, done } = await open(framework, config());
        await show("Mistaken");
        await page.waitForFunction(() => /"filter","closed"/.test(document.body.innerText));
        const shown = (await page.locator("pre").allTextContents()).map((text) => JSON.parse(text));
        const words = "the first argument must be a bucket returned by kv.bucket(name): found";
        const [, , [, , filterWords]] = shown;
        assert.match(filterWords, /key must be a string/);
        assert.deepEqual(shown, [
          ["undefined", "loading", null],
          ["string", "closed", `${words} "b"`],
          ["filter", "closed", filterWords],
          ["no key", "loading", null],
        ]);
        assert.equal(sockets.length, 0);
        await done();
      });

      test("after configure() all components show the same", async () => {
        const { page, bucket, show, put, live, done } = await open(framework, config());
        await put("a", "old");
        await show("Together");
        await page.waitForSelector('ul[data-status=ready][data-size="1"]');
        await page.evaluate(
          async ([settings, name]) => {
            app.client().configure({ ...settings, environment: `of-${name}` });
            await app.kv().createBucket({ name });
            await app.kv().bucket(name).put("a", "new");
          },
          /** @type {const} */ ([config(), bucket]),
        );
        await page.waitForSelector(`p[data-status=ready]:has-text('${btoa("new")}')`);
        await page.waitForSelector("li:has-text('a new')");
        assert.equal(live(), onServer ? 1 : 0);
        await done(/buckets\/.*\/watch.* failed: Error during WebSocket handshake/);
      });

      test("what a server has rendered is hydrated, and then comes to life", async () => {
        const { page, bucket, put, list, done } = await open(framework, config());
        await put("a", "1");
        const { html } = await renderOnServer(framework);
        assert.match(html, /<ul data-status="loading" data-size="0">/);
        await page.evaluate(
          ([markup, name]) => app.hydrate(markup, "List", { bucket: name }),
          /** @type {const} */ ([html, bucket]),
        );
        assert.deepEqual(await list(1), ["a 1"]);
        await done();
      });
    });
  }

  test(`${framework}: a server renders what is loading, and opens nothing`, async () => {
    const { html, used } = await renderOnServer(framework);
    assert.match(html, /<ul data-status="loading" data-size="0">/);
    assert.deepEqual(used, []);
  });

  test(`${framework}: the example of docs/frameworks.md`, async () => {
    const url = `${server.url}/api/v1/kv/buckets`;
    const headers = { "Content-Type": "application/json" };
    const name = "todos";
    await fetch(url, { method: "POST", headers, body: JSON.stringify({ name }) });
    await fetch(`${url}/${name}/keys/todo.1`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ title: framework, done: false }),
    });
    const page = await browser.newPage();
    const complained = complaints(page);
    await page.goto(`${server.url}/${framework}/example.html`);
    await page.waitForSelector(`li:has-text('${framework}') input:not(:checked)`);
    // The change shows before it is written.
    const written = page.waitForResponse((response) => response.request().method() === "PUT");
    await page.click("input");
    await page.waitForSelector(`li:has-text('${framework}') input:checked`);
    await written;
    const stored = await fetch(`${url}/${name}/keys/todo.1`);
    const { value } = /** @type {{ value: string }} */ (await stored.json());
    assert.deepEqual(JSON.parse(atob(value)), { title: framework, done: true });
    assert.deepEqual(complained, []);
    await page.close();
  });
}
