import { fileURLToPath } from "node:url";
import { launchBrowser } from "../support/browser.mjs";
import { packageSite } from "../support/package-site.mjs";
import { startServer } from "../support/server.mjs";
import { Run } from "./run.mjs";

/** @typedef {import("./run.mjs").Settings} Settings */

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A browser, and a site with the package and the pages of this folder. */
export async function openStage() {
  const site = packageSite({
    chaos: here("page"),
    "fake-websocket.mjs": here("../support/fake-websocket.mjs"),
  });
  const [browser, server] = await Promise.all([
    launchBrowser(),
    startServer({ staticDir: site.dir }),
  ]);
  return {
    browser,
    url: server.url,

    /** One run, from start to end. @param {Omit<Settings, "browser" | "site">} settings */
    async run(settings) {
      const run = await Run.start({ ...settings, browser, site: server.url });
      try {
        await run.weather();
        return await run.summary();
      } finally {
        await run.stop();
      }
    },

    async close() {
      await browser.close();
      await server.stop();
      site.remove();
    },
  };
}
