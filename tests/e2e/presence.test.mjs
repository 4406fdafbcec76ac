// The presence recipe in two browser pages: one crashes, and the other is notified that its user is gone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launchBrowser } from "./support/browser.mjs";
import { startNats } from "./support/nats.mjs";
import { packageSite } from "./support/package-site.mjs";
import { readPage } from "./support/readme.mjs";
import { startServer } from "./support/server.mjs";

const recipe = mkdtempSync(join(tmpdir(), "ironflow-presence-"));

/** The recipe for this page's server, with a TTL in seconds. @param {number} ttl */
function code(ttl) {
  let found = /^```js\n(.*?)^```$/ms.exec(readPage("docs/recipes/presence.md"))?.[1] ?? "";
  for (const [from, to] of /** @type {const} */ ([
    ['"@ironflow/browser"', '"/pkg/index.js"'],
    ['"http://localhost:9123"', "location.origin"],
    ["TTL = 30;", `TTL = ${ttl};`],
  ])) {
    assert.ok(found.includes(from), `the recipe no longer says ${from}`);
    found = found.replace(from, to);
  }
  return found;
}

writeFileSync(join(recipe, "presence.js"), code(5));
const site = packageSite({ recipe });
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startNats>>} */
let nats;

before(async () => {
  [browser, nats] = await Promise.all([launchBrowser(), startNats()]);
});

after(async () => {
  await browser?.close();
  await nats?.stop();
  site.remove();
  rmSync(recipe, { recursive: true, force: true });
});

/**
 * A page in a context of its own, and so in a process of its own.
 *
 * @param {string} url
 */
async function open(url) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await page.evaluate(async (address) => {
    const presence = await import(address);
    Object.assign(globalThis, { presence, calls: [] });
    await presence.open();
  }, "/recipe/presence.js");
  return page;
}

for (const store of ["memory", "nats"]) {
  test(`a user whose page crashes is reported gone by an event, with the data in ${store}`, async (t) => {
    const server = await startServer({
      store: store === "nats" ? nats.url : "memory",
      staticDir: site.dir,
    });
    try {
      const [watching, crashing] = await Promise.all([open(server.url), open(server.url)]);
      await watching.evaluate(async () => {
        const { presence, calls } = /** @type {any} */ (globalThis);
        await presence.onPresence((/** @type {unknown[]} */ ...call) => calls.push(call)).ready;
        await presence.appear("alice");
      });
      await crashing.evaluate(() => /** @type {any} */ (globalThis).presence.appear("bob"));
      await watching.waitForFunction(() => /** @type {any} */ (globalThis).calls.length === 2);

      const crashed = crashing.waitForEvent("crash");
      crashing.goto("chrome://crash").catch(() => {});
      await crashed;
      const start = performance.now();
      await watching.waitForFunction(() => /** @type {any} */ (globalThis).calls.length === 3);
      t.diagnostic(`reported ${Math.round(performance.now() - start)} ms after the crash`);
      assert.deepEqual(await watching.evaluate(() => /** @type {any} */ (globalThis).calls), [
        ["alice", true, undefined],
        ["bob", true, undefined],
        ["bob", false, "expired"],
      ]);
      const online = () => /** @type {any} */ (globalThis).presence.whoIsOnline();
      assert.deepEqual(await watching.evaluate(online), ["alice"]);
    } finally {
      await server.stop();
    }
  });
}
