// A server behind a network that fails, with a page for tabs whose clients have an outbox.

import { api } from "./api.mjs";
import { packageSite } from "./package-site.mjs";
import { startResendingProxy } from "./resending-proxy.mjs";
import { startServer } from "./server.mjs";

/** @typedef {import("./resending-proxy.mjs").Fault} Fault */

/** In the page. @type {any} */
let app;

/**
 * Starts it. Only requests of the API fail, so that the page can be loaded while it is offline.
 *
 * @param {{ watchVersions?: string, folders?: Record<string, string> }} [options]
 */
export async function startOutboxSite({ watchVersions, folders } = {}) {
  const folder = packageSite(folders);
  const server = await startServer({ staticDir: folder.dir, watchVersions });
  const isOfPage = /^\/(?:$|pkg\/|reports\/|recipe)/;
  const proxy = await startResendingProxy(server.url, (method, path) => {
    const report = /^\/reports\/(.*)$/.exec(path)?.[1];
    if (report) site.reports.push(JSON.parse(decodeURIComponent(report)));
    return isOfPage.test(path) ? {} : (site.faultOf?.(method, path) ?? {});
  });
  const kv = api.createClient({ serverUrl: server.url, logger: false }).kv();
  const site = {
    ...proxy,
    dir: folder.dir,
    kv,
    /** What happens to requests of the API. @type {((method: string, path: string) => Fault) | undefined} */
    faultOf: undefined,
    /** What pages have reported. @type {any[]} */
    reports: [],
    bucketName: "",
    /** A handle of the bucket in this process. */
    bucket: kv.bucket("none", { decode: "json" }),
    /** Begins a test: with a bucket of its own, and a network that works. */
    async begin() {
      site.faultOf = undefined;
      site.features.hidden = undefined;
      site.reports = [];
      site.bucketName = `outbox-${Math.random().toString(36).slice(2)}`;
      await kv.createBucket({ name: site.bucketName, history: 64 });
      site.bucket = kv.bucket(site.bucketName, { decode: "json" });
    },
    async stop() {
      proxy.stop();
      await server.stop();
      folder.remove();
    },
  };
  return site;
}

/**
 * Gives a tab a client with an outbox, also after a reload, as `app` of its page.
 *
 * @param {import("./tabs.mjs").Tab} tab
 * @param {string} bucket
 */
export function openOutbox(tab, bucket) {
  return tab.evaluate(async (bucket) => {
    const load = (/** @type {string} */ name) => import(`/pkg/${name}.js`);
    const [{ createClient }, { indexedDBStorage }] = await Promise.all([
      load("index"),
      load("offline"),
    ]);
    /** @type {unknown[]} */
    const asked = [];
    const storage = indexedDBStorage({ name: "test", scope: "alice" });
    const client = createClient({
      serverUrl: location.origin,
      logger: false,
      retry: false,
      outbox: storage,
      onConflict(/** @type {any} */ { key, base, mine, theirs, maybeApplied }) {
        asked.push({ key, base, mine: mine?.value, theirs: theirs?.value, maybeApplied });
        const known = theirs?.value ?? [];
        // The item of this write is the last one. It is there already only if the write may have been applied.
        const item = mine.value.at(-1);
        return maybeApplied && known.includes(item) ? undefined : [...known, item];
      },
    });
    const { outbox } = client;
    const handle = client.kv().bucket(bucket, { decode: "json" });
    /** @type {(condition: () => boolean, source?: any) => Promise<void>} */
    const until = (condition, source = outbox) =>
      new Promise((resolve) => {
        const look = () => {
          if (condition()) resolve();
        };
        source.subscribe(look);
        look();
      });
    Object.assign(globalThis, {
      app: {
        asked,
        handle,
        outbox,
        until,
        async empty() {
          for (;;) {
            await outbox.flush();
            if (outbox.size === 0) return;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        },
        report: (/** @type {unknown} */ what) =>
          fetch(`/reports/${encodeURIComponent(JSON.stringify(what))}`).catch(() => {}),
        /** Opens a persisted view, until it shows these keys. @param {string[]} keys */
        async openView(keys) {
          app.view = handle.view({ persist: storage });
          await until(() => keys.every((key) => app.view.get(key)), app.view);
        },
        /** Stops the view, until it is in the storage: its lock is free then. */
        async persisted() {
          app.view.stop();
          const isHeld = (/** @type {LockInfo} */ { name }) => name?.startsWith('ironflow:["test"');
          while ((await navigator.locks.query()).held?.some(isHeld))
            await new Promise((resolve) => setTimeout(resolve, 10));
        },
        shown: () =>
          Object.fromEntries(
            app.view
              .entries()
              .map((/** @type {any} */ entry) => [entry.key, [entry.value, entry.pending === true]])
              .sort(),
          ),
      },
    });
  }, bucket);
}
