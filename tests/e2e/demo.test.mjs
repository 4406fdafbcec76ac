// The demo page, driven as a person would, against a store in the tab and against servers.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import axe from "axe-core";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { assembleDemo, connect, see } from "./support/demo.mjs";
import { startNats } from "./support/nats.mjs";
import { startServer } from "./support/server.mjs";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {Awaited<ReturnType<typeof startServer>>} Server
 */

const dir = mkdtempSync(join(tmpdir(), "ironflow-demo-"));
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startNats>>} */
let nats;
/** @type {Server} */
let onMemory;
/** @type {Server} */
let onNats;
/** @type {Server} */
let guarded;
/** What the pages of the running test complained about. @type {string[][]} */
let complained = [];

before(async () => {
  const staticDir = assembleDemo(dir);
  // One after the other, so that whatever has started by the time one fails is known, and ended.
  browser = await launchBrowser();
  nats = await startNats();
  onMemory = await startServer({ staticDir });
  onNats = await startServer({ staticDir, store: nats.url });
  guarded = await startServer({ staticDir, apiKeys: ["sesame", "peep:read"] });
});

after(async () => {
  await browser?.close();
  await Promise.all([onMemory?.stop(), onNats?.stop(), guarded?.stop()]);
  await nats?.stop();
  rmSync(dir, { recursive: true, force: true });
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  const all = complained.flat();
  complained = [];
  assert.deepEqual(all, [], "the console stays clean");
});

/** @param {Server} server */
async function openPage(server) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  complained.push(complaints(page));
  await page.goto(server.url);
  await page.getByText("In this tab").nth(1).waitFor();
  return page;
}

/** @param {Page} page @param {string} name */
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** @param {Page} page @param {string} name */
async function createBucket(page, name) {
  await page.getByLabel("New bucket").fill(name);
  await press(page, "Create bucket");
  await see(page, "#keys-title", name);
  await see(page, "#watch-chip", "Watching");
}

/** @param {Page} page @param {string} key @param {string} value @param {string} [format] */
async function put(page, key, value, format = "json") {
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.locator("#format").selectOption(format);
  await page.getByLabel("Value", { exact: true }).fill(value);
  await press(page, "Put");
  await see(page, "#entry-outcome", `Put ${key}`);
}

/** Waits until the list shows these keys. @param {Page} page @param {readonly string[]} keys */
async function seeKeys(page, keys) {
  const shown = () => page.locator("#key-list .item").allTextContents();
  for (let tries = 0; tries < 100 && String(await shown()) !== String(keys); tries += 1) {
    await page.waitForTimeout(50);
  }
  assert.deepEqual(await shown(), keys);
}

const backends = /** @type {const} */ ([
  ["in the tab", "In this tab", () => onMemory],
  ["on a server", "This server", () => onNats],
]);

for (const [name, where, server] of backends) {
  describe(`the page ${name}`, () => {
    /** @type {Page} */
    let page;
    let buckets = 0;
    let bucket = "";

    async function begin() {
      page = await openPage(server());
      await connect(page, where);
      buckets += 1;
      bucket = `bucket-${buckets}`;
      await createBucket(page, bucket);
    }

    test("writes, reads, lists and watches", async () => {
      await begin();
      await page.getByText("No keys yet").waitFor();
      await put(page, "user.1", '{"name":"Zoë 🦀"}');
      await seeKeys(page, ["user.1"]);
      await see(page, "#key-count", "1 key");
      const row = page.locator("#watch-log li").first();
      await row.waitFor();
      assert.match(await row.innerText(), /put\s+user\.1\s+rev 1\s+.*Zoë 🦀/);

      await page.getByLabel("Value", { exact: true }).fill("");
      await press(page, "user.1");
      await see(page, "#entry-outcome", "Got user.1 at revision 1.");
      assert.equal(
        await page.getByLabel("Value", { exact: true }).inputValue(),
        '{\n  "name": "Zoë 🦀"\n}',
      );
      await see(page, "#entry-facts", "Revision 1, 20 bytes");
      assert.equal(await page.getByLabel("Only if still at revision").inputValue(), "1");
    });

    test("shows text and bytes as what they are", async () => {
      await begin();
      for (const [format, value] of /** @type {const} */ ([
        ["text", "plain words"],
        ["bytes", "AP/+gA=="],
        ["json", '"quoted"'],
        ["text", ""],
      ])) {
        await put(page, "value", value, format);
        await page.getByLabel("Value", { exact: true }).fill("else");
        await press(page, "Get");
        await see(page, "#entry-outcome", "Got value");
        assert.equal(await page.getByLabel("Value", { exact: true }).inputValue(), value);
        assert.equal(await page.locator("#format").inputValue(), format);
      }
    });

    test("compares and swaps", async () => {
      await begin();
      await put(page, "counter", "1");
      await page.getByLabel("Value", { exact: true }).fill("2");
      await press(page, "Update");
      await see(page, "#entry-outcome", "it is at revision 2");

      await page.getByLabel("Only if still at revision").fill("1");
      await press(page, "Update");
      await see(page, "#entry-outcome", "somebody wrote it in between");
      const failure = await page.locator("#entry-outcome").innerText();
      assert.match(failure, /IronflowError\s+HTTP_412\s+status 412/);

      await press(page, "Get what is there now");
      await see(page, "#entry-outcome", "Got counter at revision 2");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "The key exists already");
      await page.getByLabel("Key", { exact: true }).fill("another");
      assert.equal(await page.getByLabel("Only if still at revision").inputValue(), "");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "Created another at revision 3");
    });

    test("deletes and purges", async () => {
      await begin();
      await put(page, "short.lived", "1");
      await page.locator("#entry").getByRole("button", { name: "Delete" }).click();
      await see(page, "#entry-outcome", "Deleted short.lived");
      await page.getByText("No keys yet").waitFor();
      await see(page, "#watch-log li:first-child", /delete.*rev 2/s);
      await press(page, "Get");
      await see(page, "#entry-outcome", "There is no such key");
      assert.match(await page.locator("#entry-outcome").innerText(), /HTTP_404\s+status 404/);

      await press(page, "Purge");
      await press(page, "Cancel");
      await press(page, "Purge");
      await press(page, "Purge the key");
      await see(page, "#entry-outcome", "Purged short.lived");
      await see(page, "#watch-log li:first-child", /delete.*rev 3/s);
    });

    test("filters by pattern, and says what a pattern matches", async () => {
      await begin();
      for (const key of ["user", "user.123", "user.456", "user:123", "user.123.name"]) {
        await put(page, key, "1");
      }
      const filter = page.getByLabel("Filter");
      const cases = /** @type {const} */ ([
        ["*", ["user", "user:123"]],
        ["user.*", ["user.123", "user.456"]],
        ["user.>", ["user.123", "user.123.name", "user.456"]],
        ["user.456", ["user.456"]],
        ["us*", []],
      ]);
      for (const [pattern, keys] of cases) {
        await filter.fill(pattern);
        await seeKeys(page, keys);
      }
      await see(page, "#no-keys", "No key matches");
      await filter.fill("user..1");
      await see(page, "#filter-hint", "Between two dots there is a token");
      await page.getByRole("button", { name: "user.>" }).click();
      await see(page, "#filter-hint", "“user”, then one or more tokens");
    });

    test("watches a pattern, stops and clears", async () => {
      await begin();
      await press(page, "Stop");
      await see(page, "#watch-chip", "Stopped");
      await page.locator("#watch").getByLabel("Pattern").fill("user.*");
      await press(page, "Start");
      await see(page, "#watch-chip", "Watching");
      // A socket opens after the page has gone on: write until the watch shows one.
      const first = page.locator("#watch-log li").first();
      for (let n = 0; !(await first.isVisible()); n += 1) {
        assert.ok(n < 50, "a put reaches the watch");
        await put(page, "user.1", "1");
      }
      await put(page, "other", "1");
      await put(page, "user.2", "2");
      await see(page, "#watch-log li:first-child", "user.2");
      assert.doesNotMatch(await page.locator("#watch-log").innerText(), /other/);
      await press(page, "Clear");
      await page.getByText("Waiting for a change").waitFor();
    });

    test("refuses what is no key and what is no JSON", async () => {
      await begin();
      await page.getByLabel("Key", { exact: true }).fill("a b");
      await page.getByLabel("Value", { exact: true }).fill("1");
      await press(page, "Put");
      await see(page, "#entry-outcome", /ValidationError\s+VALIDATION_ERROR/);
      await page.getByLabel("Key", { exact: true }).fill("a");
      await page.getByLabel("Value", { exact: true }).fill("{");
      await press(page, "Put");
      await see(page, "#entry-outcome", 'Or choose "text"');
    });

    test("deletes the bucket it looks at", async () => {
      await begin();
      await press(page, `Delete the bucket ${bucket}`);
      await press(page, "Delete the bucket");
      await see(page, "#bucket-outcome", `Bucket ${bucket} is deleted`);
      await page.getByRole("heading", { name: "Choose a bucket" }).waitFor();
    });
  });
}

test("two pages on one server see each other's writes", async () => {
  for (const server of [onMemory, onNats]) {
    const [one, two] = await Promise.all([openPage(server), openPage(server)]);
    await Promise.all([connect(one, "This server"), connect(two, "This server")]);
    await createBucket(one, "shared");
    await press(two, "Refresh");
    await two
      .locator("#bucket-list")
      .getByRole("button", { name: /^shared/ })
      .click();
    await see(two, "#watch-chip", "Watching");

    const there = two.locator("#watch-log li").first();
    for (let n = 1; !(await there.isVisible()); n += 1) {
      assert.ok(n < 50, "a put reaches the other page");
      await put(one, "greeting", `{"n":${n}}`);
    }
    await put(one, "greeting", '"hello from one"');
    await see(two, "#watch-log li:first-child", "hello from one");
    await seeKeys(two, ["greeting"]);

    await two.locator("#key-list").getByRole("button", { name: "greeting" }).click();
    await see(two, "#entry-outcome", "Got greeting");
    await put(one, "greeting", '"and again"');
    await see(two, "#cas-hint", "will be refused");
    await press(two, "Update");
    await see(two, "#entry-outcome", "somebody wrote it in between");
  }
});

test("an API key opens a guarded server, and stays out of the address and the storage", async () => {
  const page = await openPage(onMemory);
  await page.getByRole("radio", { name: "Another server" }).check();
  await page.getByLabel("Server URL").fill(guarded.url);
  await press(page, "Connect");
  await see(page, "#connection-outcome", "wants one");
  const refused = await page.locator("#connection-outcome").innerText();
  assert.match(refused, /UnauthenticatedError\s+UNAUTHENTICATED\s+status 401/);
  await see(page, "#connection-chip", "In this tab");

  await page.getByLabel("API key").fill("sesame");
  await page.getByLabel("Environment").fill("staging");
  await press(page, "Connect");
  await see(page, "#connection-chip", "Connected to");
  await press(page, "Create a bucket with sample keys");
  await see(page, "#key-count", "6 keys");

  await page.getByLabel("API key").fill("peep");
  await press(page, "Connect");
  await page.locator("#bucket-list").getByRole("button", { name: /^demo/ }).click();
  await page.getByLabel("Key", { exact: true }).fill("flag");
  await page.getByLabel("Value", { exact: true }).fill("false");
  await press(page, "Put");
  await see(page, "#entry-outcome", /UnauthorizedError\s+UNAUTHORIZED\s+status 403/);

  assert.equal(new URL(page.url()).href, `${onMemory.url}/`);
  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length]);
  assert.deepEqual(kept, [0, 0]);
});

test("a server that is gone is said to be gone, and back when it is back", async () => {
  const dying = await startServer({ staticDir: dir });
  const page = await openPage(dying);
  await connect(page, "This server");
  await dying.stop();
  await page.getByLabel("New bucket").fill("late");
  await press(page, "Create bucket");
  await see(page, "#bucket-outcome", /ConnectionError\s+REQUEST_FAILED/);
  await see(page, "#connection-chip", "Server unreachable");

  const again = await startServer({ staticDir: dir, listen: new URL(dying.url).host });
  await press(page, "Create bucket");
  await see(page, "#keys-title", "late");
  await see(page, "#connection-chip", "Connected to");
  await again.stop();
  // Its watch ends with it.
  await see(page, "#watch-log", /ConnectionError\s+CONNECTION_LOST/);
});

test("the keyboard is enough", async () => {
  const page = await openPage(onMemory);
  await page.getByLabel("New bucket").fill("typed");
  await page.keyboard.press("Enter");
  await see(page, "#keys-title", "typed");
  for (const key of ["a", "b", "c"]) {
    await page.getByLabel("Key", { exact: true }).fill(key);
    await page.getByLabel("Value", { exact: true }).fill(`"${key}"`);
    await page.keyboard.press("Control+Enter");
    await see(page, "#entry-outcome", `Put ${key}`);
  }
  await see(page, "#key-count", "3 keys");
  await page.locator("#key-list").getByRole("button", { name: "c" }).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await see(page, "#entry-outcome", "Got b");
  await page.locator("#entry").getByRole("button", { name: "Purge" }).press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await see(page, "#entry-outcome", "Got b");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`nothing keeps people out, in ${colorScheme} colours`, async () => {
    const page = await openPage(onMemory);
    await page.emulateMedia({ colorScheme });
    const look = async () => {
      const run = `${axe.source}; axe.run().then((found) => found.violations)`;
      /** @type {import("axe-core").Result[]} */
      const violations = await page.evaluate(run);
      const words = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
      assert.deepEqual(words, []);
    };
    await look();
    await press(page, "Create a bucket with sample keys");
    await see(page, "#key-count", "6 keys");
    await press(page, "flag");
    await see(page, "#entry-outcome", "Got flag");
    await put(page, "flag", "false");
    await see(page, "#watch-log", "flag");
    await press(page, "Create only");
    await see(page, "#entry-outcome", "The key exists already");
    await page.getByLabel("Filter").fill("a..b");
    await page.getByRole("radio", { name: "Another server" }).check();
    await look();
    await press(page, "Purge");
    await look();
  });
}
