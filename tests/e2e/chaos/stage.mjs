import { fileURLToPath } from "node:url";
import { serveBrowser } from "../support/served-browser.mjs";
import { Run } from "./run.mjs";

/** @typedef {import("./run.mjs").Settings} Settings */

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A browser, and a site with the package and the pages of this folder. */
export async function openStage() {
  const { browser, url, close } = await serveBrowser({
    chaos: here("page"),
    "fake-websocket.mjs": here("../support/fake-websocket.mjs"),
  });
  return {
    browser,
    url,
    close,

    /** One run, from start to end. @param {Omit<Settings, "browser" | "site">} settings */
    async run(settings) {
      const run = await Run.start({ ...settings, browser, site: url });
      try {
        await run.weather();
        return await run.summary();
      } finally {
        await run.stop();
      }
    },
  };
}
