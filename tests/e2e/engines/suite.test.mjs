// The suite on the built package in Firefox, WebKit and old versions of Chromium, on a store in the tab; with $ALL, or in
// the browsers that $BROWSERS, a regular expression, selects, on the server too. What is not installed is skipped.
// tests/e2e/matrix/package-in-browser.test.mjs runs it in today's Chromium.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { suites } from "../../suite/index.js";
import { packageSite } from "../support/package-site.mjs";
import { root } from "../support/paths.mjs";
import { startServer } from "../support/server.mjs";
import { browsers, oldBrowsers } from "../support/tabs.mjs";

const site = packageSite({ suite: join(root, "tests/suite") });
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
before(async () => {
  server = await startServer({ staticDir: site.dir });
});
after(async () => {
  await server?.stop();
  site.remove();
});

/** In a page: runs a suite. @param {{ name: string, config: object }} given */
async function runSuite({ name, config }) {
  const addresses = ["/pkg/index.js", "/suite/index.js"];
  const [api, { run }] = await Promise.all(addresses.map((each) => import(each)));
  // Chromium before 115 loads it in no other way.
  await api.init();
  return (await run(name, { ...api, config })).passed;
}

/** In a page: what comes of a call without `init()` before. */
async function callAtOnce() {
  const address = "/pkg/index.js";
  const { createClient } = await import(address);
  try {
    return createClient({ transport: "memory" }).mode;
  } catch (error) {
    const { code, message } = /** @type {{ code: string, message: string }} */ (error);
    return `${code}: ${message}`;
  }
}

const { ALL, BROWSERS } = process.env;
const { Firefox, WebKit } = browsers;
const engines = Object.entries({ Firefox, WebKit, ...oldBrowsers }).filter(
  ([engine]) => BROWSERS === undefined || new RegExp(BROWSERS).test(engine),
);
const asynchronous = ["Chromium 109", "Chromium 114"];

for (const [engine, launch] of engines) {
  describe(engine, { skip: !launch && "not run: it is not installed" }, () => {
    /** @type {import("../support/tabs.mjs").TabbedBrowser} */
    let browser;
    before(async () => {
      browser = await /** @type {NonNullable<typeof launch>} */ (launch)();
    });
    after(() => browser?.close());

    const needsInit = asynchronous.includes(engine);
    test(needsInit ? "needs init() first" : "needs no init()", async () => {
      const context = await browser.newContext();
      const tab = await context.open(server.url);
      const expected = needsInit ? /init\(\)/ : /^memory$/;
      assert.match(await tab.evaluate(callAtOnce, undefined), expected);
      await context.close();
    });

    // Much the same code runs in all of these.
    if (!ALL && !BROWSERS && /11[45]/.test(engine)) return;

    for (const where of ALL || BROWSERS ? ["memory", "server"] : ["memory"]) {
      test(`on ${where}`, async (t) => {
        const config = where === "memory" ? { transport: "memory" } : { serverUrl: server.url };
        const context = await browser.newContext();
        const tab = await context.open(server.url);
        // A rule of the conformance suite covers contention.
        for (const name of Object.keys(suites).filter((each) => each !== "contention")) {
          await t.test(name, async () => {
            assert.ok((await tab.evaluate(runSuite, { name, config })) > 0);
          });
        }
        await context.close();
      });
    }
  });
}
