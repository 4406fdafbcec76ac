// The watch: its log, its chart, another client that writes, and a connection that is cut.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBucket, createOwnBucket, flip, press, put, see, seeError } from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

/** @typedef {import("./actions.mjs").Page} Page */

/** @param {Page} page */
const newest = (page) => page.locator("#watch-log li").first();

for (const [name, backend, query] of places) {
  describe(`the watch ${name}`, () => {
    async function begin() {
      const { url } = await stage.server(backend);
      const page = await stage.open(`${url}/${query}`);
      await createOwnBucket(page);
      return page;
    }

    test("logs operation, key, revision and value", async () => {
      const page = await begin();
      await see(page, "#watch-empty", "Waiting for a change");
      await put(page, "user.1", '"hello"');
      await see(page, "#watch-log li", /put\s*user\.1\s*rev 1\s*"hello"/);
      await press(page, "Delete");
      await see(page, "#watch-log li", /delete\s*user\.1\s*rev 2/);
      assert.match(await newest(page).innerText(), /delete/);
      await press(page, "Clear");
      await see(page, "#watch-empty", "Waiting for a change");
    });

    test("pauses, counts meanwhile, and resumes", async () => {
      const page = await begin();
      await press(page, "Pause");
      await see(page, "#watch-chip", "Paused");
      for (const n of [1, 2, 3]) await put(page, "n", String(n));
      await see(page, "#watch-pause", "Resume, 3 new");
      assert.equal(await page.locator("#watch-log li").count(), 0);
      await page.locator("#watch-pause").click();
      await see(page, "#watch-log li", "rev 3");
      assert.equal(await page.locator("#watch-log li").count(), 3);
    });

    test("follows the filter", async () => {
      const page = await begin();
      await page.getByLabel("Filter").fill("user.*");
      await see(page, "#watch-empty", "a key that matches user.*");
      await see(page, "#watch-chip", "Watching");
      await put(page, "other", "1");
      await put(page, "user.2", "2");
      await see(page, "#watch-log li", "user.2");
      assert.doesNotMatch(await page.locator("#watch-log").innerText(), /other/);
    });

    test("charts what another client writes", async () => {
      const page = await begin();
      const chart = page.getByRole("img", { name: "Events in the last minute" });
      await page.getByLabel("How often").selectOption("50");
      await flip(page, "Another client writes");
      await see(page, "#writer-words", /[1-9]\d* writes so far/);
      await see(page, "#watch-log li", /put\s*sensor\.\d/);
      await see(page, "#watch-log li", "delete");
      await page.waitForFunction(() => {
        const label = document.querySelector("#chart")?.getAttribute("aria-label") ?? "";
        return Number(/at most (\d+)/.exec(label)?.[1]) >= 10;
      });
      const heights = await chart
        .locator("rect.put")
        .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
      assert.ok(heights.some((height) => height > 20));
      await flip(page, "Another client writes");
      await see(page, "#writer-words", "To sensor.1");
    });
  });
}

test("a store in the tab has no connection to cut", async () => {
  const page = await stage.open((await stage.server("memory")).url);
  await createBucket(page, "here");
  assert.ok(await page.getByRole("switch", { name: "Pull the plug" }).isDisabled());
  await see(page, "#plug-words", "no connection to cut");
});

test("with the plug pulled the page becomes stale, and resyncs after reconnecting", async () => {
  for (const backend of /** @type {const} */ (["memory", "nats"])) {
    const { url } = await stage.server(backend);
    const page = await stage.open(`${url}/?server=here`);
    await createBucket(page, "cut");
    await flip(page, "Another client writes");
    await see(page, "#watch-log li", "sensor.8");

    await flip(page, "Pull the plug");
    await see(page, "#connection-chip", "Reconnecting to");
    await see(page, "#watch-chip", "Reconnecting");
    await see(page, "#keys-notice", "The connection is lost.");
    await seeError(page, "#watch-log", /ConnectionError\s+CONNECTION_LOST\s+retryable/);
    const seen = await page.locator(".rows .revision").allTextContents();
    await see(page, "#plug-words", /written ([1-9]\d+|[4-9]) times/);
    assert.deepEqual(await page.locator(".rows .revision").allTextContents(), seen);
    await press(page, "Put");
    await page.getByLabel("Key", { exact: true }).fill("mine");
    await page.locator("#value").fill("1");
    await press(page, "Put");
    await see(page, "#entry-outcome", "The server could not be reached");

    await flip(page, "Pull the plug");
    await see(page, "#connection-chip", "Connected to");
    await see(
      page,
      "#plug-words",
      /the resync emitted [1-9]\d* changes?.*This page took 0 requests and [1-9]\d* frames?\./,
    );
    await see(page, "#fact-fresh", /^\d\d:\d\d:\d\d$/);
    await see(page, "#watch-log li", /resynced/);
    await see(page, "#watch-log li", "Reconnected");
    await page.locator("#keys-notice").waitFor({ state: "hidden" });
    const resynced = page.locator("#chart rect.resynced");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("#chart rect.resynced")].some(
        (bar) => Number(bar.getAttribute("height")) > 0,
      ),
    );
    assert.equal(await resynced.count(), 60);
  }
});

test("the page reconnects to a restarted server and shows what others wrote meanwhile", async () => {
  // The data is in JetStream: it survives the server.
  const nats = await stage.nats();
  const first = await stage.startServer({ store: nats.url });
  const page = await stage.open(`${first.url}/?server=here`);
  await createBucket(page, "restarted");
  await put(page, "count", "1");
  await see(page, "#watch-log li", "rev 1");
  stage.cutOff(page);
  await first.stop();
  await see(page, "#connection-chip", "Reconnecting to");
  await see(page, "#keys-notice", "The connection is lost.");
  await press(page, "Put");
  await see(page, "#entry-outcome", "The server could not be reached");
  await seeError(page, "#entry-outcome", /ConnectionError\s+REQUEST_FAILED/);

  const other = await stage.startServer({ store: nats.url });
  const write = await fetch(`${other.url}/api/v1/kv/buckets/restarted/keys/count`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: "2",
  });
  assert.equal(write.status, 200);
  await stage.startServer({ store: nats.url, listen: new URL(first.url).host });
  await see(page, "#connection-chip", "Connected to");
  await see(page, "#watch-log li", /put\s*resynced\s*count\s*rev 2/);
  await see(page, ".rows .value", "2");
});
