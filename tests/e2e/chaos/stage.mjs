import { fileURLToPath } from "node:url";
import { packageSite } from "../support/package-site.mjs";
import { startServer } from "../support/server.mjs";
import { Run } from "./run.mjs";
import { launchTabbedBrowser } from "./tabbed-browser.mjs";

/** @typedef {import("./run.mjs").Settings} Settings */

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What the site has beside the package. */
export const folders = {
  chaos: here("page"),
  "fake-websocket.mjs": here("../support/fake-websocket.mjs"),
};

/** A browser, and a site with the package and the pages of this folder. */
export async function openStage() {
  const site = packageSite(folders);
  const [tabs, server] = await Promise.all([
    launchTabbedBrowser(),
    startServer({ staticDir: site.dir }),
  ]);
  const { url } = server;
  return {
    tabs,
    url,

    async close() {
      // The second is ended also where the first does not end as it should: it would hold this process.
      const ended = await Promise.allSettled([tabs.close(), server.stop()]);
      site.remove();
      for (const end of ended) if (end.status === "rejected") throw end.reason;
    },

    /** One run, from start to end. @param {Omit<Settings, "tabs" | "site">} settings */
    async run(settings) {
      const run = await Run.start({ ...settings, tabs, site: url });
      try {
        await run.weather();
        return await run.summary();
      } finally {
        await run.stop();
      }
    },
  };
}
