// Chromium, Firefox and WebKit behind one interface: tabs that run functions, in contexts with storages of their own.

import puppeteer from "puppeteer-core";
import { firefoxPath, launchBrowser } from "./browser.mjs";
import { launchOldChromium, OLD, oldChromiumPath } from "./old-chromium.mjs";
import { launchWebKit, webkitPath } from "./webkit.mjs";

/**
 * @typedef {object} Tab
 * @property {<A, R>(run: (given: A) => R, given: A) => Promise<Awaited<R>>} evaluate runs a function in the page; what it is
 *   given and what it returns cross as JSON
 * @property {(url: string) => Promise<unknown>} goto
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<unknown>} close closes it like a person does
 * @property {() => Promise<unknown>} kill ends it without any event, where the browser can
 *
 * @typedef {object} Context
 * @property {(url: string) => Promise<Tab>} open
 * @property {string} [version] of the browser, where only a context knows it
 * @property {() => Promise<void>} close
 *
 * @typedef {object} TabbedBrowser
 * @property {(options?: { full?: boolean }) => Promise<Context>} newContext `full`: its storages have no room
 * @property {() => Promise<unknown>} close
 */

/** @returns {Promise<TabbedBrowser>} */
async function chromium(launch = launchBrowser) {
  const browser = await launch();
  return {
    async newContext({ full = false } = {}) {
      const context = await browser.newContext();
      return {
        async open(url) {
          const page = await context.newPage();
          await page.goto(url);
          if (full) {
            const devtools = await context.newCDPSession(page);
            const { origin } = new URL(url);
            await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
          }
          return {
            evaluate: (run, given) =>
              page.evaluate(/** @type {any} */ (run), /** @type {any} */ (given)),
            goto: (address) => page.goto(address),
            reload: () => page.reload(),
            async close() {
              const closed = page.waitForEvent("close");
              await page.close({ runBeforeUnload: true });
              await closed;
            },
            async kill() {
              const devtools = await context.newCDPSession(page);
              const crashed = page.waitForEvent("crash");
              devtools.send("Page.crash").catch(() => {});
              await crashed;
              await page.close();
            },
          };
        },
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

/** @param {Record<string, unknown>} [extraPrefsFirefox] */
const launchFirefox = (extraPrefsFirefox) =>
  puppeteer.launch({ browser: "firefox", executablePath: firefoxPath(), extraPrefsFirefox });

/** @returns {Promise<TabbedBrowser>} */
async function firefox() {
  const browser = await launchFirefox();
  /** A browser whose storages have room for so many kilobytes. @type {import("puppeteer-core").Browser | undefined} */
  let fullBrowser;
  return {
    async newContext({ full = false } = {}) {
      if (full) {
        fullBrowser ??= await launchFirefox({ "dom.quotaManager.temporaryStorage.fixedLimit": 1 });
      }
      const context = await (fullBrowser && full ? fullBrowser : browser).createBrowserContext();
      return {
        async open(url) {
          const page = await context.newPage();
          await page.goto(url);
          const close = () => page.close({ runBeforeUnload: true });
          return {
            evaluate: (run, given) =>
              page.evaluate(/** @type {any} */ (run), /** @type {any} */ (given)),
            goto: (address) => page.goto(address),
            reload: () => page.reload(),
            close,
            kill: close,
          };
        },
        close: () => context.close(),
      };
    },
    async close() {
      await fullBrowser?.close();
      await browser.close();
    },
  };
}

/** How each browser is started; undefined where it is not installed. */
export const browsers = {
  Chromium: chromium,
  Firefox: firefoxPath() ? firefox : undefined,
  WebKit: webkitPath() ? launchWebKit : undefined,
};

/** Old versions of Chromium, likewise. @type {Record<string, (() => Promise<TabbedBrowser>) | undefined>} */
export const oldBrowsers = Object.fromEntries(
  OLD.map((major) => {
    const launch = () => chromium(() => launchOldChromium(major));
    return [`Chromium ${major}`, oldChromiumPath(major) ? launch : undefined];
  }),
);
