import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { flip, press, row, see } from "./actions.mjs";

/**
 * @typedef {import("./actions.mjs").Page} Page
 * @typedef {{ colorScheme: "light" | "dark", viewport: import("playwright-core").ViewportSize, top: string }} View
 */

/**
 * The scene of the screenshots and of the accessibility tests. Its clock is paused, and its fonts are the same on
 * every machine, so that a picture changes only when the page does.
 */

export const views = /** @satisfies {Record<string, View>} */ ({
  light: { colorScheme: "light", viewport: { width: 1440, height: 1240 }, top: "body" },
  dark: { colorScheme: "dark", viewport: { width: 1440, height: 1240 }, top: "body" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, top: "#keys" },
});

/** The time and URL that the page sees. */
const NOON = Date.parse("2026-03-14T12:00:00Z");
const ADDRESS = "http://localhost:9123/";

const require = createRequire(import.meta.url);

/** @param {string} family */
function font(family) {
  const file = require.resolve(
    `@fontsource-variable/${family}/files/${family}-latin-wght-normal.woff2`,
  );
  const data = readFileSync(file).toString("base64");
  return `@font-face { font-family: "${family}"; font-weight: 100 900;
    src: url("data:font/woff2;base64,${data}") format("woff2"); }`;
}

/**
 * Opens the page with a fixed time, URL and fonts.
 *
 * @param {Page} page
 * @param {string} url  the real URL
 */
export async function openAtNoon(page, url) {
  const fonts = `${font("inter")} ${font("jetbrains-mono")}
    :root { --mono: "jetbrains-mono"; }
    body, .item small { font-family: inter !important; }`;
  await page.addInitScript((css) => {
    addEventListener("DOMContentLoaded", () => {
      document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
    });
  }, fonts);
  await page.route(`${ADDRESS}**`, async (route) => {
    const real = route.request().url().replace(ADDRESS, `${url}/`);
    await route.fulfill({ response: await route.fetch({ url: real }) });
  });
  await page.clock.install({ time: NOON - 60_000 });
  await page.goto(ADDRESS);
  await see(page, "#connection-chip", "In this tab");
  await page.clock.pauseAt(NOON);
}

/** A bucket with something in it, a duel that was played, and another client that writes. @param {Page} page */
export async function playScene(page) {
  const pass = (/** @type {number} */ seconds) => page.clock.runFor(seconds * 1000);
  await press(page, "Create a bucket with sample keys");
  await pass(2);
  await press(page, "Play");
  await pass(8);
  await see(page, "#duel-steps", /merges.*saves/s);
  const rate = page.getByLabel("How often");
  await flip(page, "Another client writes");
  for (const [perSecond, seconds] of [
    ["5", 10],
    ["50", 2],
    ["1", 6],
    ["5", 12],
  ]) {
    await rate.selectOption(String(perSecond));
    await pass(Number(seconds));
  }
  await row(page, "config.feature-flags").click();
  await pass(1);
  await see(page, "#entry-outcome", "Got config.feature-flags");
}
