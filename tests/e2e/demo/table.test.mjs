// A table of ten thousand keys: virtual rows, accessibility and keyboard navigation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createBucket, flip, press, put, see, seeKeys } from "./actions.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();

/** @typedef {import("./actions.mjs").Page} Page */

/** @param {Page} page */
const grid = (page) => page.getByRole("grid", { name: "Keys" });

/** The row that is the current one for assistive technology. @param {Page} page */
const current = (page) =>
  grid(page).evaluate((element) => {
    const row = document.getElementById(element.getAttribute("aria-activedescendant") ?? "");
    return [row?.getAttribute("aria-rowindex"), row?.firstElementChild?.textContent];
  });

/** What the browser spent on scripts and on all of its work, in seconds. @param {import("playwright-core").CDPSession} session */
async function spent(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (/** @type {string} */ name) =>
    metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { script: value("ScriptDuration"), task: value("TaskDuration") };
}

test("of ten thousand keys only the visible rows exist, and ARIA states the rest", async (t) => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await press(page, "10,000 keys");
  await see(page, "#key-count", /^10,000 keys$/);
  assert.equal(await grid(page).getAttribute("aria-rowcount"), "10001");
  const lines = page.locator(".rows .line");
  assert.ok((await lines.count()) < 60, "no more rows than fit, and some to spare");

  // After scrolling far in either direction, each row has the right index and key.
  for (const top of [0, 180_000, 90_123, 359_000]) {
    await grid(page).evaluate((element, to) => element.scrollTo(0, to), top);
    const first = Math.floor(top / 36) + 2;
    await page.locator(`.rows [aria-rowindex="${first}"]`).waitFor();
    const wrong = await lines.evaluateAll((all) => {
      const regions = ["berlin", "lagos", "lima", "osaka", "oslo"];
      return all.flatMap((line) => {
        const index = Number(line.getAttribute("aria-rowindex")) - 2;
        const serial = String((index % 2000) * 5 + Math.floor(index / 2000)).padStart(5, "0");
        const expected = `device.${regions[Math.floor(index / 2000)]}.${serial}`;
        const shown = line.firstElementChild?.textContent;
        return shown === expected ? [] : [`${index}: ${shown}, not ${expected}`];
      });
    });
    assert.deepEqual(wrong, []);
  }

  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const FRAMES = 100;
  const before = await spent(session);
  await grid(page).evaluate(async (element, frames) => {
    for (let n = 0; n < frames; n += 1) {
      element.scrollTop -= 700;
      await new Promise(requestAnimationFrame);
    }
  }, FRAMES);
  const after = await spent(session);
  const script = (((after.script - before.script) * 1000) / FRAMES).toFixed(2);
  const task = (((after.task - before.task) * 1000) / FRAMES).toFixed(2);
  t.diagnostic(`scrolling 10,000 rows: ${script} ms of script a frame, ${task} ms of all work`);

  await flip(page, "Another client writes");
  await see(page, "#key-count", /^10,008 keys$/);
  await page.getByLabel("Filter").fill("device.oslo.*");
  await see(page, "#key-count", /^2,000 keys$/);
  assert.equal(await grid(page).getAttribute("aria-rowcount"), "2001");
});

test("the keyboard moves in the table and opens a row", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await press(page, "10,000 keys");
  await see(page, "#key-count", /^10,000 keys$/);
  await grid(page).focus();
  const steps = /** @type {const} */ ([
    ["ArrowDown", "3", "device.berlin.00005"],
    ["End", "10001", "device.oslo.09999"],
    ["ArrowUp", "10000", "device.oslo.09994"],
    ["ArrowDown", "10001", "device.oslo.09999"],
    ["ArrowDown", "10001", "device.oslo.09999"],
    ["Home", "2", "device.berlin.00000"],
  ]);
  for (const [key, index, name] of steps) {
    await page.keyboard.press(key);
    assert.deepEqual(await current(page), [index, name], key);
  }
  await page.keyboard.press("PageDown");
  const [index] = await current(page);
  assert.ok(Number(index) > 5, "a page is several rows");
  await page.keyboard.press("Enter");
  await see(page, "#entry-outcome", "Got device.berlin.");
  const seen = await page.locator(".line.active").boundingBox();
  const frame = await grid(page).boundingBox();
  assert.ok(seen && frame && seen.y >= frame.y && seen.y + seen.height <= frame.y + frame.height);
});

test("the active row stays active while other rows appear", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await createBucket(page, "moving");
  for (const key of ["b", "d"]) await put(page, key, "1");
  await seeKeys(page, ["b", "d"]);
  await grid(page).focus();
  await page.keyboard.press("End");
  assert.deepEqual(await current(page), ["3", "d"]);
  for (const key of ["a", "c"]) await put(page, key, "1");
  await seeKeys(page, ["a", "b", "c", "d"]);
  assert.deepEqual(await current(page), ["5", "d"]);
});

test("the headers sort by key, or by revision with the newest first", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await createBucket(page, "sorted");
  for (const key of ["b", "c", "a"]) await put(page, key, "1");
  await seeKeys(page, ["a", "b", "c"]);
  const head = (/** @type {string} */ name) => page.getByRole("columnheader", { name });
  await press(page, "Revision");
  await seeKeys(page, ["a", "c", "b"]);
  assert.equal(await head("Revision").getAttribute("aria-sort"), "descending");
  assert.equal(await head("Key").getAttribute("aria-sort"), "none");
  await put(page, "b", "2");
  await seeKeys(page, ["b", "a", "c"]);
  await press(page, "Key");
  await seeKeys(page, ["a", "b", "c"]);
  assert.equal(await head("Key").getAttribute("aria-sort"), "ascending");
});
