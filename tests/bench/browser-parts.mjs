import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startNats } from "../e2e/support/nats.mjs";
import { packageDir } from "../e2e/support/paths.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { bundle } from "./bundles.mjs";
import { visit } from "./chromium.mjs";
import { openNetwork } from "./network.mjs";
import { openSite } from "./site.mjs";

/** @typedef {{ id: string, size?: number, samples: Record<string, number[]> }} Row */

const blank = '<!doctype html><link rel="icon" href="data:,">';
const html = (/** @type {string} */ script) =>
  `${blank}<script type="module" src="${script}"></script>`;

/** Modules that ask for one entry, by each client. @type {Record<string, string>} */
const starts = {
  bare: `export const get = async (server) => {
    const response = await fetch(server + "/api/v1/kv/buckets/b/keys/user.1");
    return response.json();
  };`,
  plain: `import { PlainClient } from "./plain/client.ts";
    export const get = (serverUrl) => new PlainClient({ serverUrl }).bucket("b").get("user.1");`,
  sdk: `import { createClient } from "@ironflow/browser";
    export const get = (serverUrl) => createClient({ serverUrl }).kv().bucket("b").get("user.1");`,
  slim: `import { createClient, init } from "@ironflow/browser/slim";
    export const get = async (serverUrl) => {
      await init("/ironflow.wasm");
      return createClient({ serverUrl }).kv().bucket("b").get("user.1");
    };`,
};

/** What is weighed. */
const loads = ["operation", "watchers", "keys", "view"];

/** The parts of the benchmarks that run in a browser. @param {boolean} quick */
export async function openBrowserParts(quick) {
  const script = "text/javascript";
  const main = await bundle('import "./page/main.ts";');
  /** @type {Parameters<typeof openSite>[0]} */
  const files = {
    "/": { type: "text/html", body: html("/main.js") },
    "/main.js": { type: script, body: main },
    "/start": { type: "text/html", body: html("/start.js") },
    "/start.js": { type: script, body: await bundle('import "./page/start.ts";') },
    "/ironflow.wasm": {
      type: "application/wasm",
      body: readFileSync(join(packageDir, "ironflow.wasm")),
    },
  };
  for (const [name, source] of Object.entries(starts)) {
    files[`/start/${name}.js`] = { type: script, body: await bundle(source) };
  }
  /** @type {Map<string, Awaited<ReturnType<typeof openNetwork>>>} */
  const networks = new Map();
  const site = await openSite(files, networks);
  const query = `quick=${quick ? 1 : 0}`;

  /** @param {string} part @returns {Promise<Row[]>} */
  async function page(part) {
    const { rows } = await visit(`${site.url}/?part=${part}&${query}`, site.report());
    return rows;
  }

  /**
   * On the reference server, which the page then comes from.
   *
   * @param {string} part @param {{ store?: string, more?: Record<string, string> }} [options]
   * @returns {Promise<Row[]>}
   */
  async function onServer(part, { store, more } = {}) {
    const dir = mkdtempSync(join(tmpdir(), "ironflow-bench-"));
    writeFileSync(join(dir, "index.html"), html("/main.js"));
    writeFileSync(join(dir, "main.js"), main);
    const server = await startServer({ staticDir: dir, ...(store ? { store } : {}) });
    try {
      const report = `${site.url}/report`;
      const asked = new URLSearchParams({ part, quick: quick ? "1" : "0", report, ...more });
      const { rows } = await visit(`${server.url}/?${asked}`, site.report());
      return rows;
    } finally {
      await server.stop();
      rmSync(dir, { recursive: true });
    }
  }

  /** A nats-server that browsers can connect to. */
  const natsForBrowsers = () =>
    startNats({ config: 'websocket { listen: "127.0.0.1:-1", no_tls: true }' });

  /** Beside the client of NATS, on one nats-server. @returns {Promise<Row[]>} */
  async function peers() {
    const nats = await natsForBrowsers();
    try {
      return await onServer("peers", { store: nats.url, more: { nats: nats.webSocketUrl } });
    } finally {
      await nats.stop();
    }
  }

  /** With a network each, which the page cuts. @returns {Promise<Row[]>} */
  async function resume() {
    const nats = await natsForBrowsers();
    const servers = [
      await startServer({ store: nats.url, watchVersions: "1" }),
      await startServer({ store: nats.url }),
    ];
    const [v1 = "", sdk = ""] = servers.map(({ url }) => url);
    const asked = new URLSearchParams({ part: "resume", quick: quick ? "1" : "0" });
    for (const [name, address] of Object.entries({ v1, sdk, nats: nats.webSocketUrl })) {
      const network = await openNetwork(address.replace(/^ws/, "http"));
      networks.set(name, network);
      asked.set(name, address);
      // The page connects to what it finds under the server's own name.
      asked.set(new URL(address).host, network.host);
    }
    try {
      const { rows } = await visit(`${site.url}/?${asked}`, site.report());
      return rows;
    } finally {
      for (const network of networks.values()) network.close();
      networks.clear();
      for (const server of servers) await server.stop();
      await nats.stop();
    }
  }

  /** A browser of its own for each of them, in turn. @returns {Promise<Row[]>} */
  async function start() {
    /** @type {Map<string, Record<string, number[]>>} */
    const samples = new Map();
    const names = Object.keys(starts);
    for (let round = 0; round < (quick ? 2 : 9); round += 1) {
      const shift = round % names.length;
      for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
        const address = `${site.url}/start?subject=${name}&visit=0`;
        const { cold, warm } = await visit(address, site.report());
        const { milliseconds, ...phases } = cold;
        const median = [...warm].sort((a, b) => a - b)[Math.floor(warm.length / 2)];
        for (const [id, took] of Object.entries({ cold: milliseconds, warm: median, ...phases })) {
          const found = samples.get(id) ?? {};
          found[name] = [...(found[name] ?? []), took * 1000];
          samples.set(id, found);
        }
      }
    }
    return [...samples].map(([id, found]) => ({ id: `start.${id}`, samples: found }));
  }

  /** Bytes instead of microseconds. @returns {Promise<Row[]>} */
  async function heap() {
    /** @type {Row[]} */
    const rows = [];
    for (const load of loads) {
      /** @type {Record<string, number[]>} */
      const js = {};
      /** @type {Record<string, number[]>} */
      const wasm = {};
      /** @type {number | undefined} */
      let size;
      for (const subject of ["sdk", "plain"]) {
        const of = encodeURIComponent(`${load} ${subject}`);
        const { more } = await visit(`${site.url}/?part=heap&of=${of}&${query}`, site.report());
        size = more.size;
        js[subject] = [more.js];
        wasm[subject] = [more.wasm];
      }
      rows.push({ id: `heap.js.${load}`, size, samples: js });
      rows.push({ id: `heap.wasm.${load}`, size, samples: wasm });
    }
    return rows;
  }

  return {
    parts: {
      platform: () => page("platform"),
      cpu: () => page("cpu"),
      requests: () => onServer("requests"),
      peers,
      frames: () => page("frames"),
      sockets: () => page("sockets"),
      start,
      store: () => page("store"),
      listing: () => page("listing"),
      views: () => page("views"),
      persisted: () => page("persisted"),
      resume,
      outbox: () => onServer("outbox"),
      heap,
    },
    close: () => site.close(),
  };
}
