// Browsers without a bundler: pages, workers, and an extension.

import { browserProfile } from "../support/browser-profile.mjs";
import { extensionUrl, launchExtension } from "../support/extension.mjs";
import { itself } from "./rendered-rows.mjs";

/** @typedef {import("./rows.mjs").Row} Row */

/** @param {string} name @param {"Chromium" | "Firefox"} browser @param {string[]} layers @returns {Row} */
const plain = (name, browser, ...layers) => ({
  name: `${name}, no bundler`,
  mode: browser,
  tools: {},
  layers: ["page", "plain", ...layers],
  slim: itself,
  browser,
  site: (app) => app.handOut("."),
});

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

const charset = "Script tag, page in windows-1252";

export const browserRows = [
  plain("Script module with an import map", "Chromium"),
  plain("Script module with an import map", "Firefox"),
  plain("Module worker", "Chromium", "worker", "plain-worker"),
  plain("Module worker", "Firefox", "worker", "plain-worker"),
  plain("Service worker", "Chromium", "plain-service-worker"),
  rare(plain("Shared worker", "Chromium", "plain-shared-worker")),
  rare(plain("Shared worker", "Firefox", "plain-shared-worker")),
  classic(plain("Classic worker, `importScripts()`", "Chromium", "worker", "classic-worker")),
  classic(plain("Classic worker, `importScripts()`", "Firefox", "worker", "classic-worker")),
  classic(plain(charset, "Chromium", "script-tag")),
  classic(plain(charset, "Firefox", "script-tag")),
  extension("page", () => `${extensionUrl}/page.html`),
  extension("background", () => `${extensionUrl}/sender.html`),
  classic(extension("content script", (server) => server)),
];
