// A table of a hundred thousand keys: the page draws while it fills a bucket, and scrolls to the end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { press, see } from "./actions.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();

test("a bucket of 100,000 keys fills while the page draws", async (t) => {
  const { url } = await stage.server("memory");
  const page = await stage.openApart(url);
  await press(page, "100,000 keys");
  // The page draws while it fills.
  await see(page, "#bucket-outcome", /^Filling bucket devices: [\d,]+ keys…$/);
  await page
    .locator("#bucket-outcome", { hasText: "with 100,000 keys" })
    .waitFor({ timeout: 300_000 });
  const before = Date.now();
  await see(page, "#key-count", /^100,000 keys$/);
  t.diagnostic(`the table had all keys ${Date.now() - before} ms after the last write`);

  const grid = page.getByRole("grid", { name: "Keys" });
  assert.equal(await grid.getAttribute("aria-rowcount"), "100001");
  await grid.focus();
  await page.keyboard.press("End");
  await page.locator(".rows [aria-rowindex='100001']", { hasText: "device.oslo.99999" }).waitFor();
  assert.ok((await page.locator(".rows .line").count()) < 60);
});
