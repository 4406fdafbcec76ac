// Browsers without a bundler: pages, workers, and an extension.

import { browserProfile } from "../support/browser-profile.mjs";
import { extensionUrl, launchExtension } from "../support/extension.mjs";
import { itself } from "./rendered-rows.mjs";

/** @typedef {import("./rows.mjs").Row} Row */

/** Those that run it in `make matrix-all` only. */
const RARE = ["Chromium 109", "Chromium 114", "Chromium 115"];

/** What compiles it in a page only asynchronously. */
const ASYNCHRONOUS = ["Chromium 109", "Chromium 114"];

/** @param {string} name @param {string} browser @param {string[]} layers @returns {Row} */
const plain = (name, browser, ...layers) => ({
  name: `${name}, no bundler`,
  mode: browser,
  ...(RARE.includes(browser) && { rare: true }),
  tools: {},
  layers: ["page", "plain", ...layers],
  slim: itself,
  browser,
  site: (app) => app.handOut("."),
});

/** Runs in the page itself. @param {string} name @param {string} browser @param {string[]} layers @returns {Row} */
function inPage(name, browser, ...layers) {
  const row = plain(name, browser, ...layers);
  if (!ASYNCHRONOUS.includes(browser)) return row;
  const first = layers.includes("script-tag") ? "script-tag-init" : "init-first";
  return { ...row, layers: [...row.layers, first], default: "after `init()`" };
}

/** @param {Row} row @returns {Row} */
const rare = (row) => ({ ...row, rare: true });

/** What loads the package by a classic script. @param {Row} row @returns {Row} */
const classic = (row) => rare({ ...row, withoutSlim: "a classic script is the default entry" });

/** @param {string} mode @param {(server: string) => string} page @returns {Row} */
const extension = (mode, page) => ({
  name: "MV3 extension, no bundler",
  mode: `Chromium, ${mode}`,
  rare: true,
  tools: {},
  layers: ["page", "extension"],
  slim: itself,
  async run(app, entry, server) {
    const profile = browserProfile();
    const browser = await launchExtension(app.dir, profile.dir);
    try {
      const opened = await browser.newPage();
      const address = new URL(page(server));
      address.searchParams.set("entry", entry);
      address.searchParams.set("server", server);
      await opened.goto(address.href);
      const html = opened.locator("html[data-outcome]");
      await html.waitFor({ state: "attached" });
      return (await html.getAttribute("data-outcome")) ?? "";
    } finally {
      await browser.close();
      await profile.remove();
    }
  },
});

const ENGINES = ["Chromium", "Firefox", "WebKit", "Chromium 109"];
const importMap = "Script module with an import map";
const classicWorker = "Classic worker, `importScripts()`";
const charset = "Script tag, page in windows-1252";

export const browserRows = [
  ...[...ENGINES, "Chromium 114", "Chromium 115"].map((browser) => inPage(importMap, browser)),
  ...ENGINES.map((browser) => plain("Module worker", browser, "worker", "plain-worker")),
  ...ENGINES.map((browser) => plain("Service worker", browser, "plain-service-worker")),
  ...ENGINES.map((browser) => rare(plain("Shared worker", browser, "plain-shared-worker"))),
  ...ENGINES.map((browser) => classic(plain(classicWorker, browser, "worker", "classic-worker"))),
  ...ENGINES.map((browser) => classic(inPage(charset, browser, "script-tag"))),
  extension("page", () => `${extensionUrl}/page.html`),
  extension("background", () => `${extensionUrl}/sender.html`),
  classic(extension("content script", (server) => server)),
];
