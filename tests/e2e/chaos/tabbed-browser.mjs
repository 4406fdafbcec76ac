import { chromium } from "playwright-core";
import { chromeArgs, chromePath } from "../support/browser.mjs";
import { browserProfile } from "../support/browser-profile.mjs";
import { start } from "../support/process.mjs";

/**
 * Starts a Chromium whose pages can be hidden and frozen. Playwright keeps the pages of a browser that it launches
 * itself visible.
 */
export async function launchTabbedBrowser() {
  const profile = browserProfile();
  // A hidden page of a busy machine would get no processor.
  const own = [
    ...["--headless", "--disable-renderer-backgrounding", "--no-first-run"],
    ...["--remote-debugging-port=0", `--user-data-dir=${profile.dir}`],
  ];
  const chrome = start(chromePath(), [...chromeArgs, ...own, "about:blank"], { name: "chromium" });
  const listening = () => /^DevTools listening on (ws:\S+)$/m.exec(chrome.output.stderr)?.[1];
  const stop = async () => {
    await chrome.stop();
    await profile.remove();
  };
  try {
    const browser = await chromium.connectOverCDP(await chrome.until(listening, "address"), {
      noDefaults: true,
    });
    const [context] = browser.contexts();
    if (!context) throw new Error("the browser has no context");
    /** The tab that is in front of a hidden page. */
    const other = await context.newPage();
    return {
      context,
      other,
      async close() {
        await browser.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
