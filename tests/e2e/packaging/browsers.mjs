// The browsers that open the apps' pages.

import puppeteer from "puppeteer-core";
import { complaints, firefoxPath, launchBrowser } from "../support/browser.mjs";

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

/** @returns {Promise<Browser>} */
async function chromium() {
  const browser = await launchBrowser();
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

/** Starts those that are installed. @returns {Promise<Record<string, Browser | undefined>>} */
export async function launchBrowsers() {
  const [Chromium, Firefox] = await Promise.all([
    chromium(),
    firefoxPath() ? firefox() : undefined,
  ]);
  return { Chromium, Firefox };
}
