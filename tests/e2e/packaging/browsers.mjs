// The browsers that open the apps' pages.

import puppeteer from "puppeteer-core";
import { complaints, firefoxPath, launchBrowser } from "../support/browser.mjs";
import { launchOldChromium, OLD, oldChromiumPath } from "../support/old-chromium.mjs";
import { launchWebKit, webkitPath } from "../support/webkit.mjs";

/**
 * @typedef {object} Visit what a page has come to
 * @property {string} outcome what it left in `data-outcome`
 * @property {string[]} complaints what it had to complain about
 *
 * @typedef {object} Browser
 * @property {string} version
 * @property {(url: string) => Promise<Visit>} visit opens a page in a profile of its own until it has come to something
 * @property {() => Promise<void>} close
 */

const done = "[data-outcome]";
const timeout = 60_000;

/** @param {() => Promise<import("playwright-core").Browser>} [launch] @returns {Promise<Browser>} */
async function chromium(launch = launchBrowser) {
  const browser = await launch();
  return {
    version: `Chromium ${browser.version().split(".")[0]}`,
    async visit(url) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const complained = complaints(page);
      await page.goto(url);
      const found = page.waitForSelector(done, { state: "attached", timeout });
      const outcome = await found.then(
        (element) => element.getAttribute("data-outcome"),
        (error) => error.message,
      );
      await context.close();
      return { outcome: outcome ?? "", complaints: complained };
    },
    close: () => browser.close(),
  };
}

/** @returns {Promise<Browser>} */
async function firefox() {
  const executablePath = firefoxPath();
  const browser = await puppeteer.launch({ browser: "firefox", executablePath });
  return {
    version: (await browser.version()).replace(/firefox\/(\d+).*/i, "Firefox $1"),
    async visit(url) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      /** @type {string[]} */
      const complained = [];
      page.on("console", (message) => {
        if (["error", "warn"].includes(message.type())) complained.push(message.text());
      });
      page.on("pageerror", (error) => complained.push(String(error)));
      await page.goto(url);
      const found = page.waitForSelector(done, { timeout });
      const outcome = await found.then(
        (element) => element?.evaluate((each) => each.getAttribute("data-outcome")),
        (error) => error.message,
      );
      await context.close();
      return { outcome: outcome ?? "", complaints: complained };
    },
    close: () => browser.close(),
  };
}

/** In a page: waits for what it comes to. @param {number} limit @returns {Promise<string>} */
function comeTo(limit) {
  const html = document.documentElement;
  return new Promise((resolve) => {
    const look = () => html.dataset.outcome !== undefined && resolve(html.dataset.outcome);
    new MutationObserver(look).observe(html, { attributes: true });
    setTimeout(() => resolve(`nothing within ${limit} ms`), limit);
    look();
  });
}

/** Its WebDriver does not report what the console shows. @returns {Promise<Browser>} */
async function webkit() {
  const browser = await launchWebKit();
  const first = await browser.newContext();
  await first.close();
  return {
    version: `WebKitGTK ${first.version?.split(".").slice(0, 2).join(".")}`,
    async visit(url) {
      const context = await browser.newContext();
      try {
        const tab = await context.open(url);
        return { outcome: await tab.evaluate(comeTo, timeout), complaints: [] };
      } finally {
        await context.close();
      }
    },
    async close() {
      await browser.close();
    },
  };
}

/** Each browser, where it is installed. @type {Record<string, (() => Promise<Browser>) | undefined>} */
const launchers = {
  Chromium: chromium,
  Firefox: firefoxPath() ? firefox : undefined,
  WebKit: webkitPath() ? webkit : undefined,
};
for (const major of OLD) {
  const launch = () => chromium(() => launchOldChromium(major));
  launchers[`Chromium ${major}`] = oldChromiumPath(major) ? launch : undefined;
}

/** Starts those that are installed. @returns {Promise<Record<string, Browser | undefined>>} */
export async function launchBrowsers(names = Object.keys(launchers)) {
  const launched = names.map(async (name) => [name, await launchers[name]?.()]);
  return Object.fromEntries(await Promise.all(launched));
}
