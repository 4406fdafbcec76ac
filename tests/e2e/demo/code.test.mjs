// The code panel: complete programs that do what the last click did.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createOwnBucket, flip, press, put, row, see, seeKeys, snippet, type } from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

/** @typedef {import("./actions.mjs").Page} Page */

/** Runs the displayed snippet as a module of the page, and returns what it logs. @param {Page} page */
async function run(page) {
  return page.evaluate(
    async (code) => {
      /** @type {unknown[][]} */
      const logged = [];
      const { log } = console;
      console.log = (...args) => logged.push(args);
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      try {
        await import(url);
      } finally {
        console.log = log;
      }
      return logged;
    },
    await snippet(page),
  );
}

for (const [name, backend, query] of places) {
  describe(`the code ${name}`, () => {
    test("does what the last click did", async () => {
      const { url } = await stage.server(backend);
      const page = await stage.open(`${url}/${query}`);
      await see(page, "#code-title", "Connect");
      assert.ok(Array.isArray((await run(page)).flat(2)));

      const bucket = await createOwnBucket(page);
      await see(page, "#code-title", "Create a bucket");
      await run(page);

      // With the data in the tab, a snippet gets its own empty store, without this bucket.
      const there = backend !== "memory";
      const outcome = async () => {
        try {
          return String(await run(page));
        } catch (error) {
          return String(error).includes("bucket not found") ? "bucket not found" : String(error);
        }
      };
      const expect = async (/** @type {string} */ logged) =>
        assert.equal(await outcome(), there ? logged : "bucket not found");

      await put(page, "user.1", '{"name":"Zoë","tags":["a","b"],"__proto__":{"x":"\\"y\\":"}}');
      await expect("2");
      await row(page, "user.1").click();
      await see(page, "#code-title", "Get a key");
      await expect('2,{"name":"Zoë","tags":["a","b"],"__proto__":{"x":"\\"y\\":"}}');
      await put(page, "bytes", "AP/+gA==", "bytes");
      await expect("4");
      await type(page, "made", "1");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "Created made");
      await expect("the key already exists");
      await press(page, "Update");
      await see(page, "#entry-outcome", "Updated made");
      await expect("another client wrote in between");
      await press(page, "Delete");
      await see(page, "#entry-outcome", "Deleted made");
      assert.match(
        await snippet(page),
        new RegExp(`bucket\\("${bucket}"\\);\\s+await bucket.delete`),
      );
    });
  });
}

test("follows the keys, and watches", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(`${url}/?server=here`);
  await createOwnBucket(page);
  await put(page, "user.1", "1");
  await press(page, "user.>");
  await seeKeys(page, ["user.1"]);
  await see(page, "#code-title", "Follow the keys");
  assert.match(await snippet(page), /bucket\.view\({ key: "user\.>" }\)/);
  await run(page);
  await flip(page, "Pull the plug");
  await see(page, "#code-title", "Watch for changes");
  assert.match(await snippet(page), /onStateChange: \(state\) => console\.log\(state\)/);
});

test("is copied with one click", async () => {
  const { url } = await stage.server("memory");
  const permissions = ["clipboard-read", "clipboard-write"];
  const page = await stage.openApart(url, { permissions });
  await see(page, "#code-title", "Connect");
  await press(page, "Copy");
  await see(page, "#copied", "Copied.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await snippet(page));
  assert.match(copied, /^import { createClient } from "@ironflow\/browser";\n/);
});
