// The demo page's link to the API reference, which `make docs` builds.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { assembleDemo } from "../support/demo.mjs";
import { targetDir } from "../support/paths.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();
const folder = mkdtempSync(join(tmpdir(), "ironflow-reference-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The demo page with an API reference from a folder. @param {string} name @param {string} reference */
async function serve(name, reference) {
  const { url } = await stage.startServer({
    staticDir: assembleDemo(join(folder, name), reference),
  });
  return url;
}

/** Follows the link, as a user would. @param {string} url @param {import("playwright-core").BrowserContextOptions} [options] */
async function follow(url, options) {
  const page = await stage.openApart(url, options);
  const link = page.getByRole("link", { name: "API reference" });
  assert.ok(await link.isVisible());
  await link.click();
  await page.waitForURL(`${url}/docs/`);
  return page;
}

/** The styles and scripts of a page that are not there. @param {import("playwright-core").Page} page */
const missing = (page) =>
  page.evaluate(async () => {
    const entries = performance.getEntriesByType("resource");
    const found = await Promise.all(
      entries.map(async ({ name }) => [name, (await fetch(name)).ok]),
    );
    return found.filter(([, ok]) => !ok);
  });

/** A stand-in for what TypeDoc writes. */
function standIn() {
  const dir = join(folder, "stand-in");
  mkdirSync(join(dir, "assets"), { recursive: true });
  const style = '<link rel="stylesheet" href="assets/style.css"><link rel="icon" href="data:,">';
  writeFileSync(join(dir, "index.html"), `<!doctype html>${style}<h1>@ironflow/browser</h1>`);
  writeFileSync(join(dir, "assets/style.css"), "h1 { color: teal }");
  return dir;
}

describe("the link to the API reference", () => {
  const built = join(targetDir, "docs");
  for (const reference of [standIn(), ...(existsSync(built) ? [built] : [])]) {
    test(`leads to it and its styles in ${basename(reference)}`, async () => {
      const page = await follow(await serve("built", reference));
      await page.getByRole("heading", { name: "@ironflow/browser" }).first().waitFor();
      assert.deepEqual(await missing(page), []);
    });
  }

  test("leads to a page that says how to build it, and back, if it is not built", async () => {
    const url = await serve("unbuilt", join(folder, "no-such-folder"));
    const page = await follow(url);
    await page.getByRole("heading", { name: "The API reference is not built" }).waitFor();
    assert.match(await page.locator("main").innerText(), /Run make docs\b/);
    await page.getByRole("link", { name: "Back to the demo" }).click();
    await page.waitForURL(`${url}/`);
  });

  test("is visible on a phone", async () => {
    await follow(await serve("phone", join(folder, "no-such-folder")), {
      viewport: { width: 320, height: 640 },
    });
  });
});
