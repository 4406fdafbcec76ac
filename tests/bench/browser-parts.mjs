import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDir } from "../e2e/support/paths.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { bundle } from "./bundles.mjs";
import { visit } from "./chromium.mjs";
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
  const site = await openSite(files);
  const query = `quick=${quick ? 1 : 0}`;

  /** @param {string} part @returns {Promise<Row[]>} */
  async function page(part) {
    const { rows } = await visit(`${site.url}/?part=${part}&${query}`, site.report());
    return rows;
  }

  /** On the reference server, which the page then comes from. @returns {Promise<Row[]>} */
  async function requests() {
    const dir = mkdtempSync(join(tmpdir(), "ironflow-bench-"));
    writeFileSync(join(dir, "index.html"), html("/main.js"));
    writeFileSync(join(dir, "main.js"), main);
    const server = await startServer({ staticDir: dir });
    try {
      const report = encodeURIComponent(`${site.url}/report`);
      const address = `${server.url}/?part=requests&${query}&report=${report}`;
      const { rows } = await visit(address, site.report());
      return rows;
    } finally {
      await server.stop();
      rmSync(dir, { recursive: true });
    }
  }

  /** A browser of its own for each of them, in turn. @returns {Promise<Row[]>} */
  async function start() {
    /** @type {Record<"cold" | "warm", Record<string, number[]>>} */
    const samples = { cold: {}, warm: {} };
    const names = Object.keys(starts);
    for (let round = 0; round < (quick ? 2 : 9); round += 1) {
      const shift = round % names.length;
      for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
        const address = `${site.url}/start?subject=${name}&visit=0`;
        const { cold, warm } = await visit(address, site.report());
        const median = [...warm].sort((a, b) => a - b)[Math.floor(warm.length / 2)];
        for (const [when, took] of /** @type {const} */ ([
          ["cold", cold],
          ["warm", median],
        ])) {
          samples[when][name] = [...(samples[when][name] ?? []), took * 1000];
        }
      }
    }
    return Object.entries(samples).map(([when, found]) => ({
      id: `start.${when}`,
      samples: found,
    }));
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
      requests,
      frames: () => page("frames"),
      sockets: () => page("sockets"),
      start,
      store: () => page("store"),
      listing: () => page("listing"),
      views: () => page("views"),
      persisted: () => page("persisted"),
      heap,
    },
    close: () => site.close(),
  };
}
