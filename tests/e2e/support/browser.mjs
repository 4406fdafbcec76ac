import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const webdriver = JSON.parse(
  readFileSync(new URL("../../webdriver.json", import.meta.url), "utf8"),
);

/** The flags every browser of the tests runs with: those of webdriver.json, less the one Playwright sets. */
export const chromeArgs = webdriver["goog:chromeOptions"].args.filter(
  (/** @type {string} */ arg) => arg !== "--headless",
);

/** A Chromium: the one that $CHROME names, or the first that is installed. */
export function chromePath() {
  const candidates = [
    process.env.CHROME,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error("no Chromium found: install one, or set CHROME to its path");
  return found;
}

/** A Firefox: the one that $FIREFOX names, or the first that is installed. */
export function firefoxPath() {
  const candidates = [
    process.env.FIREFOX,
    "/usr/bin/firefox",
    "/usr/bin/firefox-esr",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
  ];
  return candidates.find((path) => path && existsSync(path));
}

/** Starts a headless Chromium; the caller closes it. @param {string} [executablePath] @param {NodeJS.ProcessEnv} [env] */
export function launchBrowser(executablePath = chromePath(), env) {
  return chromium.launch({ executablePath, args: chromeArgs, ...(env && { env }) });
}

/**
 * Collects what a page complains about: console errors and warnings, uncaught exceptions, failed loads.
 * The browser's own note of an HTTP status from the API is no complaint: a 404 is an answer there.
 *
 * @param {import("playwright-core").Page} page
 * @returns {string[]} filled as the page runs
 */
export function complaints(page) {
  /** @type {string[]} */
  const found = [];
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    const { url } = message.location();
    if (message.text().startsWith("Failed to load resource") && url.includes("/api/v1/")) return;
    found.push(`${message.type()}: ${message.text()} (${url})`);
  });
  page.on("pageerror", (error) => found.push(`uncaught: ${error.stack ?? error.message}`));
  return found;
}
