import { complaints } from "../support/browser.mjs";
import { instrument } from "./page/instruments.mjs";

/** @typedef {import("./page/instruments.mjs").Instruments} Instruments */

/** What the browser itself says of a connection that fails, which is no fault of the page. */
const NETWORK = /WebSocket connection to|Failed to load resource|blocked by CORS policy/;

/** A page that counts what it has open. */
export class InstrumentedPage {
  #complained;
  session;

  /** In a profile of its own. @param {import("playwright-core").Browser} browser @param {string} url */
  static async open(browser, url) {
    const context = await browser.newContext();
    const { page, session, complained } = await InstrumentedPage.prepare(context, url);
    return new InstrumentedPage(page, session, complained);
  }

  /** @param {import("playwright-core").BrowserContext} context @param {string} url */
  static async prepare(context, url) {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const complained = complaints(page);
    await page.addInitScript(instrument);
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable");
    await page.goto(url);
    return { page, session, complained };
  }

  /**
   * @param {import("playwright-core").Page} page
   * @param {import("playwright-core").CDPSession} session
   * @param {string[]} complained
   */
  constructor(page, session, complained) {
    this.page = page;
    this.session = session;
    this.#complained = complained;
  }

  /** Errors and warnings on its console, less those about the network. */
  get complaints() {
    return this.#complained.filter((words) => !NETWORK.test(words));
  }

  /** Sockets, timers and wasm memory. @returns {Promise<Instruments>} */
  open() {
    return this.page.evaluate(() => ({ ...Reflect.get(globalThis, "instruments") }));
  }

  /** How many listeners the window and the document have. */
  async listeners() {
    const counts = ["window", "document"].map(async (expression) => {
      const { result } = await this.session.send("Runtime.evaluate", { expression });
      const { objectId = "" } = result;
      const { listeners } = await this.session.send("DOMDebugger.getEventListeners", { objectId });
      return listeners.length;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** What is in use once the garbage has been collected. */
  async heap() {
    // What finalizers let go of, the next round collects.
    for (let round = 0; round < 3; round += 1) {
      await this.session.send("HeapProfiler.collectGarbage");
    }
    const { usedSize } = await this.session.send("Runtime.getHeapUsage");
    const { metrics } = await this.session.send("Performance.getMetrics");
    const { wasmBytes } = await this.open();
    const listeners = metrics.find(({ name }) => name === "JSEventListeners")?.value ?? 0;
    return { jsBytes: usedSize, wasmBytes, listeners };
  }

  close() {
    return this.page.context().close();
  }
}
