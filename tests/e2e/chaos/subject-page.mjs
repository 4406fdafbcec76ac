import { setTimeout as delay } from "node:timers/promises";
import { InstrumentedPage } from "./instrumented-page.mjs";

/**
 * @typedef {import("./page/subject.mjs").Wanted} Wanted
 * @typedef {import("./ledger.mjs").WatcherEvent} WatcherEvent
 */

/** A page with watchers, and the log of their events. */
export class SubjectPage extends InstrumentedPage {
  /**
   * @param {import("playwright-core").Browser} browser
   * @param {string} site the URL of a site with the package and the suite's page
   * @param {string} client the path there of the client's module
   * @param {object} config of the client
   */
  static async openSubject(browser, site, client, config) {
    const query = new URLSearchParams({ client, config: JSON.stringify(config) });
    const { page, session, complained } = await InstrumentedPage.prepare(
      browser,
      `${site}?${query}`,
    );
    await page.evaluate(async () => {
      const address = "/chaos/subject.mjs";
      await import(address);
    });
    return new SubjectPage(page, session, complained);
  }

  /** Starts a watcher. @param {Wanted} wanted */
  start(wanted) {
    return this.#call("start", wanted);
  }

  /** Ends a watcher. @param {string} name @param {"stop" | "abort"} how */
  stop(name, how) {
    return this.#call("stop", name, how);
  }

  /** Ends every watcher of a client. @param {string} client */
  disconnect(client) {
    return this.#call("disconnect", client);
  }

  /** Takes the network from the page for a while. @param {number} milliseconds */
  async offline(milliseconds) {
    await this.page.context().setOffline(true);
    await delay(milliseconds);
    await this.page.context().setOffline(false);
  }

  /** What happened since the last time. @returns {Promise<[string, WatcherEvent][]>} */
  drain() {
    return this.#call("drain");
  }

  /** @param {string} name @param {unknown[]} args @returns {Promise<any>} */
  #call(name, ...args) {
    return this.page.evaluate(
      ([method, values]) => Reflect.get(globalThis, "subject")[method](...values),
      /** @type {const} */ ([name, args]),
    );
  }
}
