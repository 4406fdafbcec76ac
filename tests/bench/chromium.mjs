import { readFileSync } from "node:fs";
import { chromePath } from "../e2e/support/browser.mjs";
import { browserProfile } from "../e2e/support/browser-profile.mjs";
import { start } from "../e2e/support/process.mjs";

const webdriver = JSON.parse(readFileSync(new URL("../webdriver.json", import.meta.url), "utf8"));

const args = [
  ...webdriver["goog:chromeOptions"].args,
  // Reports exact heap sizes, and lets a page collect garbage.
  "--enable-precise-memory-info",
  "--js-flags=--expose-gc",
  "--disable-extensions",
  "--mute-audio",
];

/**
 * Opens a page in a separate Chromium, with a new profile and without the debugging protocol, which halves the speed
 * of responses. It ends once `until` has settled.
 *
 * @template T
 * @param {string} url
 * @param {Promise<T>} until
 * @returns {Promise<T>}
 */
export async function visit(url, until) {
  const profile = browserProfile();
  const options = [...args, `--user-data-dir=${profile.dir}`, url];
  const browser = start(chromePath(), options, { name: "Chromium" });
  try {
    const ended = browser.ended.then(() => {
      throw new Error(`Chromium ended before the page at ${url} had reported`);
    });
    return await Promise.race([until, ended]);
  } finally {
    await browser.stop();
    await profile.remove();
  }
}
