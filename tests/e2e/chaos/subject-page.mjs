import { setTimeout as delay } from "node:timers/promises";
import { InstrumentedPage } from "./instrumented-page.mjs";

/**
 * @typedef {import("./page/subject.mjs").Wanted} Wanted
 * @typedef {import("./ledger.mjs").WatcherEvent} WatcherEvent
 * @typedef {import("./ledger.mjs").Entry} Entry
 * @typedef {Awaited<ReturnType<typeof import("./tabbed-browser.mjs").launchTabbedBrowser>>} Tabs
 */

/** A page with watchers, and the log of their events. */
export class SubjectPage extends InstrumentedPage {
  #tabs;
  /** One thing at a time is done to the page. */
  #done = Promise.resolve();

  /**
   * @param {Tabs} tabs of the browser
   * @param {string} site the URL of a site with the package and the suite's page
   * @param {string} client the path there of the client's module
   * @param {object} config of the client
   */
  static async openSubject(tabs, site, client, config) {
    const query = new URLSearchParams({ client, config: JSON.stringify(config) });
    const { page, session, complained } = await InstrumentedPage.prepare(
      tabs.context,
      `${site}?${query}`,
    );
    await page.evaluate(async () => {
      const address = "/chaos/subject.mjs";
      await import(address);
    });
    return new SubjectPage(page, session, complained, tabs);
  }

  /**
   * @param {import("playwright-core").Page} page
   * @param {import("playwright-core").CDPSession} session
   * @param {string[]} complained
   * @param {Tabs} tabs
   */
  constructor(page, session, complained, tabs) {
    super(page, session, complained);
    this.#tabs = tabs;
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

  /** Opens a view. @param {string} name of it @param {string} client @param {string} bucket */
  view(name, client, bucket) {
    return this.#call("view", name, client, bucket);
  }

  /** What a view shows. @param {string} name @returns {Promise<{ status: string, entries: [string, Entry][] }>} */
  shown(name) {
    return this.#call("shown", name);
  }

  /** Takes the network from the page for a while. @param {number} milliseconds */
  offline(milliseconds) {
    return this.#next(async () => {
      await this.page.context().setOffline(true);
      await delay(milliseconds);
      await this.page.context().setOffline(false);
    });
  }

  /** Puts another tab in front of the page for a while. @param {number} milliseconds */
  hide(milliseconds) {
    return this.#next(async () => {
      await this.#tabs.other.bringToFront();
      await delay(milliseconds);
      await this.page.bringToFront();
    });
  }

  /** Hides the page and freezes it for a while. @param {number} milliseconds */
  freeze(milliseconds) {
    return this.#next(async () => {
      await this.session.send("Page.setWebLifecycleState", { state: "frozen" });
      await delay(milliseconds);
      await this.session.send("Page.setWebLifecycleState", { state: "active" });
      await this.#tabs.other.bringToFront();
      await this.page.bringToFront();
    });
  }

  /** Closes the tab. */
  async close() {
    await this.#done;
    await this.page.close();
  }

  /** @param {() => Promise<void>} act */
  #next(act) {
    this.#done = this.#done.then(act);
    return this.#done;
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
