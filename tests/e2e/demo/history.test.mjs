// The history of a key, with its differences, and keys that expire.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createBucket,
  createOwnBucket,
  press,
  put,
  row,
  see,
  seeError,
  seeKeys,
  snippet,
  type,
} from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

/** @typedef {import("./actions.mjs").Page} Page */

/** The revisions that are shown: each with its head and its lines. @param {Page} page */
const revisions = (page) =>
  page.locator("#revisions li").evaluateAll((items) =>
    items.map((item) => {
      const [operation] = [...item.querySelectorAll(".badge")].map((badge) => badge.textContent);
      const lines = [...item.querySelectorAll(".diff > *")].map(
        (line) => `${{ INS: "+", DEL: "-" }[line.tagName] ?? " "}${line.textContent}`,
      );
      return [operation, item.querySelector(".revision")?.textContent, ...lines];
    }),
  );

/** Waits until the newest revision that is shown is this one. @param {Page} page @param {number} revision */
const seeNewest = (page, revision) =>
  page
    .locator("#revisions li:first-child .revision", { hasText: new RegExp(`^rev ${revision}$`) })
    .waitFor();

for (const [name, backend, query] of places) {
  describe(`the history ${name}`, () => {
    /** Opens the page with a bucket that keeps three revisions of a key. */
    async function begin() {
      const page = await stage.open(`${(await stage.server(backend)).url}/${query}`);
      await page.getByText("Options").click();
      await page.getByLabel("History").fill("3");
      const bucket = await createOwnBucket(page);
      return { page, bucket };
    }

    test("compares each revision with the one before, and follows the key", async () => {
      const { page } = await begin();
      await put(page, "menu", '{"soup":1,"bread":2}');
      await put(page, "menu", '{"soup":1,"bread":3}');
      await page.locator("#history summary").click();
      await seeNewest(page, 2);
      assert.deepEqual(await revisions(page), [
        ["put", "rev 2", " {", '   "soup": 1,', '-  "bread": 2', '+  "bread": 3', " }"],
        ["put", "rev 1", " {", '   "soup": 1,', '   "bread": 2', " }"],
      ]);
      assert.match(await snippet(page), /await bucket\.history\("menu"\)/);
      await press(page, "Delete");
      await seeNewest(page, 3);
      const [deleted] = await revisions(page);
      assert.deepEqual(deleted, ["delete", "rev 3", "-{", '-  "soup": 1,', '-  "bread": 3', "-}"]);

      await put(page, "other", "1");
      await see(page, "#history-hint", "keeps one revision");
      await page.getByLabel("Key", { exact: true }).fill("never");
      assert.deepEqual(await revisions(page), []);
    });

    test("puts an older revision back, if the key has not changed", async () => {
      const { page, bucket } = await begin();
      await put(page, "note", "first", "text");
      await put(page, "note", "AP/+gA==", "bytes");
      await page.locator("#history summary").click();
      await seeNewest(page, 2);
      await page.getByRole("button", { name: "Put back revision 1" }).click();
      await see(page, "#entry-outcome", "Put revision 1 of note back: it is at revision 3.");
      assert.equal(await page.locator("#value").inputValue(), "first");
      assert.match(
        await snippet(page),
        /get\(key, { revision: 1 }\)[\s\S]*update\(key, old\.bytes\(\), 2\)/,
      );
      await seeNewest(page, 3);
      await page.getByRole("button", { name: "Put back revision 2" }).click();
      await see(page, "#entry-outcome", "it is at revision 4.");
      assert.equal(await page.locator("#value").inputValue(), "AP/+gA==");
      if (backend === "memory") return;

      // Another client writes between the page's read of the history and its update.
      await seeNewest(page, 4);
      const key = `**/buckets/${bucket}/keys/note`;
      await page.route(key, async (route) => {
        const request = route.request();
        if (request.method() === "PUT") {
          await fetch(request.url(), { method: "PUT", body: "of another client" });
        }
        await route.continue();
      });
      await page.getByRole("button", { name: "Put back revision 3" }).click();
      await see(page, "#entry-outcome", "another client wrote it in between");
      await seeError(page, "#entry-outcome", /IronflowError\s+HTTP_412/);
      await page.unroute(key);
      await press(page, "Read the history again");
      await seeNewest(page, 5);
      assert.equal((await revisions(page))[0]?.at(-1), "+of another client");
    });

    test("a key with a time to live leaves the table, and the log says that it expired", async () => {
      const { page } = await begin();
      await put(page, "lasting", "1");
      await type(page, "session", "1");
      await page.getByLabel("Expires after").fill("1");
      await press(page, "Put");
      await see(page, "#entry-facts", /written by this page just now, expires \S/);
      assert.match(await snippet(page), /put\("session", 1, { ttl: 1 }\)/);
      await see(page, "#watch-log li", /delete\s*expired\s*session\s*rev 3/);
      await see(page, "#cas-hint", "This key is now expired");
      await seeKeys(page, ["lasting"]);

      await page.getByLabel("Expires after").fill("60");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "Created session");
      await row(page, "session").click();
      await see(page, "#entry-facts", /, expires \S/);
      await page.locator("#value").fill("2");
      await page.getByLabel("Expires after").fill("");
      await press(page, "Update");
      await see(page, "#entry-outcome", "Updated session");
      await press(page, "Get");
      await see(page, "#entry-outcome", "Got session");
      assert.doesNotMatch(await page.locator("#entry-facts").innerText(), /expires/);
    });
  });
}

test("a bucket without times to live of its keys refuses one", async () => {
  // A bucket with a total limit on JetStream lacks them.
  const { url } = await stage.server("nats");
  const page = await stage.open(`${url}/?server=here`);
  await page.getByText("Options").click();
  await page.getByLabel("Total limit").fill("100000");
  await createBucket(page, "limited");
  await type(page, "session", "1");
  await page.getByLabel("Expires after").fill("60");
  await press(page, "Put");
  await see(page, "#entry-outcome", "does not support this");
  await seeError(page, "#entry-outcome", /IronflowError\s+UNSUPPORTED/);
  await see(page, "#key-count", "0 keys");
});
