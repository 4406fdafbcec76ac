// The page's appearance: accessibility, truncation, and screenshots.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import axe from "axe-core";
import { targetDir } from "../support/paths.mjs";
import { createBucket, flip, press, put, see, seeChosen, seeKeys } from "./actions.mjs";
import { openAtNoon, playScene, views } from "./scene.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();

/** @typedef {import("./actions.mjs").Page} Page */

/** The folder of the screenshots: PICTURES for those of the README. */
const pictures = process.env.PICTURES || join(targetDir, "pictures");
mkdirSync(pictures, { recursive: true });

/** @param {Page} page */
async function assertOpenToAll(page) {
  const run = `${axe.source}; axe.run().then((found) => found.violations)`;
  /** @type {import("axe-core").Result[]} */
  const violations = await page.evaluate(run);
  const words = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
  assert.deepEqual(words, []);
}

/** Asserts that no element overflows its panel or the window, or is cut without an ellipsis. @param {Page} page */
async function assertNothingCutOff(page) {
  const wrong = await page.evaluate(() => {
    const isWrong = (/** @type {Element} */ element) => {
      const { right, width } = element.getBoundingClientRect();
      const { overflowX, textOverflow, clipPath } = getComputedStyle(element);
      if (width === 0 || clipPath !== "none") return false;
      const edge = element.closest(".panel")?.getBoundingClientRect().right ?? innerWidth;
      const mayCut = overflowX !== "visible" && !element.matches("input, select");
      const isCut = mayCut && element.scrollWidth > element.clientWidth + 1;
      return right > Math.min(edge, innerWidth) + 1 || (isCut && textOverflow !== "ellipsis");
    };
    const all = [...document.querySelectorAll("header *, main *")].filter(isWrong);
    return all.map(({ outerHTML }) => outerHTML.slice(0, 120));
  });
  assert.deepEqual(wrong, []);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(sideways <= 0, "the page scrolls up and down only");
}

/** Changes the view of the page. @param {Page} page @param {import("./scene.mjs").View} view */
async function turn(page, { colorScheme, viewport }) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize(viewport);
}

test("the page is accessible in light and dark colours and on a phone (takes the pictures)", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.openApart("about:blank", { locale: "en-GB", timezoneId: "UTC" });
  await turn(page, views.light);
  await openAtNoon(page, url);
  await playScene(page);
  for (const [name, view] of Object.entries(views)) {
    await turn(page, view);
    await page.locator(view.top).evaluate((element) => element.scrollIntoView());
    await page.clock.runFor(500);
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  }
  await page.clock.resume();
  for (const view of Object.values(views)) {
    await turn(page, view);
    await assertOpenToAll(page);
    await assertNothingCutOff(page);
  }
  await press(page, "Start with an empty store");
  await see(page, "#welcome-title", "Choose a bucket");
  for (const view of [views.light, views.dark]) {
    await turn(page, view);
    await assertOpenToAll(page);
  }
  await turn(page, views.phone);
  await assertNothingCutOff(page);
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`errors, dialogs and a lost connection are accessible, in ${colorScheme} colours`, async () => {
    const { url } = await stage.server("memory");
    const page = await stage.openApart(`${url}/?server=here`, { colorScheme });
    await createBucket(page, `open-to-all-${colorScheme}`);
    await put(page, "flag", "true");
    await page.locator("#history summary").click();
    await see(page, "#revisions", "true");
    await press(page, "Create only");
    await see(page, "#entry-outcome", "The key already exists");
    await page.getByRole("radio", { name: "Another server" }).check();
    await page.getByLabel("Filter").fill("a..b");
    await press(page, "Pause");
    await assertOpenToAll(page);
    await page.getByLabel("Filter").fill("");
    await seeKeys(page, ["flag"]);
    await flip(page, "Pull the plug");
    await see(page, "#keys-notice", "The connection is lost.");
    await page.locator("#watch-pause").click();
    await page.locator("#watch-log .failure").waitFor();
    await press(page, "Purge");
    await assertOpenToAll(page);
  });
}

test("long names fit, on a phone too", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.openApart(url);
  await createBucket(page, "a-bucket-whose-name-has-become-rather-long-over-the-years");
  const key = "averylongkeywithoutanydotinitsothatthebrowsercannotbreakitintotwolines";
  await put(page, key, JSON.stringify({ text: "many words ".repeat(50) }));
  await page.locator("#history summary").click();
  await see(page, "#revisions", "many words");
  await assertNothingCutOff(page);
  await put(page, "short", "1");
  await press(page, "Begin");
  await page.getByLabel("Filter").fill(`${key}.>`);
  await see(page, "#no-keys", "No key matches");
  await assertNothingCutOff(page);
  await page.getByLabel("Filter").fill("");
  await seeKeys(page, [key, "meeting.monday", "short"]);
  for (const width of [1440, 1000, 390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await assertNothingCutOff(page);
  }
});

test("the keyboard is enough", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await page.locator("#bucket-name").fill("typed");
  await page.keyboard.press("Enter");
  await see(page, "#keys-bucket", "typed");
  for (const key of ["a", "b", "c"]) {
    await page.getByLabel("Key", { exact: true }).fill(key);
    await page.locator("#value").fill(`"${key}"`);
    await page.keyboard.press("Control+Enter");
    await see(page, "#entry-outcome", `Put ${key}`);
  }
  await seeKeys(page, ["a", "b", "c"]);
  await page.getByRole("grid").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await see(page, "#entry-outcome", "Got b");
  await seeChosen(page, "b");
  await page.getByRole("switch", { name: "Another client writes" }).focus();
  await page.keyboard.press("Space");
  await see(page, "#writer-words", "writes so far");
  await page.locator("#do-purge").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await see(page, "#entry-outcome", "Got b");
});
