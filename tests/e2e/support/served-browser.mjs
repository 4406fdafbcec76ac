import { launchBrowser } from "./browser.mjs";
import { packageSite } from "./package-site.mjs";
import { startServer } from "./server.mjs";

/**
 * A browser, and a server whose site has the package at `/pkg/`.
 *
 * @param {Record<string, string>} [folders] more folders of the site, by the name they get
 * @param {string} [store] of the server, by default memory
 */
export async function serveBrowser(folders, store) {
  const site = packageSite(folders);
  const [browser, server] = await Promise.all([
    launchBrowser(),
    startServer({ staticDir: site.dir, ...(store ? { store } : {}) }),
  ]);
  return {
    browser,
    url: server.url,
    async close() {
      await browser.close();
      await server.stop();
      site.remove();
    },
  };
}
