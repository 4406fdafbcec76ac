// The package as it is built, in a browser: the whole suite on a store in the tab and on the server, and
// eight tabs that count together.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { suites } from "../../suite/index.js";
import { complaints } from "../support/browser.mjs";
import { root } from "../support/paths.mjs";
import { serveBrowser } from "../support/served-browser.mjs";

/** @type {Awaited<ReturnType<typeof serveBrowser>>} */
let served;
before(async () => {
  served = await serveBrowser({ suite: join(root, "tests/suite") });
});
after(() => served?.close());

async function open() {
  const page = await served.browser.newPage();
  await page.goto(served.url);
  return page;
}

describe("the package in a browser", () => {
  for (const where of ["memory", "server"]) {
    // A rule of the conformance suite covers contention in one tab.
    for (const suite of Object.keys(suites).filter((name) => name !== "contention")) {
      test(`${suite}, on ${where}`, async () => {
        const page = await open();
        const config = where === "memory" ? { transport: "memory" } : { serverUrl: served.url };
        const { passed } = await page.evaluate(
          async ([name, given]) => {
            const addresses = ["/pkg/index.js", "/suite/index.js"];
            const [api, { run }] = await Promise.all(addresses.map((each) => import(each)));
            return run(name, { ...api, config: given });
          },
          /** @type {const} */ ([suite, config]),
        );
        assert.ok(passed > 0);
        await page.close();
      });
    }
  }
});

test("eight tabs with 200 increments each through modify() end at exactly 1600", async () => {
  const tabs = await Promise.all(Array.from({ length: 8 }, open));
  const complained = tabs.map(complaints);
  await Promise.all(
    tabs.map((tab) =>
      tab.evaluate(async () => {
        const address = "/pkg/index.js";
        const { createClient } = await import(address);
        const client = createClient({ serverUrl: location.origin });
        await client.kv().createBucket({ name: "tabs" });
        const bucket = client.kv().bucket("tabs", { decode: "json" });
        const count = (/** @type {{ value: number } | undefined} */ entry) =>
          (entry?.value ?? 0) + 1;
        for (let n = 0; n < 200; n += 1) {
          await bucket.modify("counter", count, { maxAttempts: 1000 });
        }
      }),
    ),
  );
  const counted = await tabs[0]?.evaluate(async () => {
    const address = "/pkg/index.js";
    const { createClient } = await import(address);
    const client = createClient({ serverUrl: location.origin });
    const entry = await client.kv().bucket("tabs").get("counter");
    return [entry.json(), entry.revision];
  });
  assert.deepEqual(counted, [1600, 1600]);
  assert.deepEqual(complained.flat(), []);
});
