// Where the package is put to work: with which tools, how they are started, and how `./slim` gets its
// WebAssembly there. Nothing is configured beyond what is said here.

import { nodeFlags } from "../support/installed.mjs";
import { OUTCOME } from "./apps/page/src/exercise.js";
import { browserRows } from "./browser-rows.mjs";
import { minifiers } from "./minified-rows.mjs";
import { host, itself, renderedRows, viteBuild, viteDev, withAddress } from "./rendered-rows.mjs";
import { viewRows } from "./view-rows.mjs";

/**
 * @typedef {import("./app.mjs").App} App
 * @typedef {import("./app.mjs").Site} Site
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} mode
 * @property {import("./app.mjs").Tools} tools exact versions
 * @property {"module" | "commonjs"} [type] the app's modules (default: ES modules)
 * @property {string[]} layers folders of `apps`, the later over the former
 * @property {string} slim how `./slim` gets its WebAssembly
 * @property {true} [rare] runs in `make matrix-all` only
 * @property {string} [without] why the default entry cannot work here
 * @property {string} [withoutSlim] why `./slim` cannot
 * @property {string} [default] what the default entry needs
 * @property {string} [browser] which one opens the app's page
 * @property {(app: App) => Promise<Site>} [site] hands out the app's page
 * @property {string} [path] where the page is on it (default: `/`)
 * @property {(app: App, entry: string, server: string) => Promise<string>} [run] has an app without a page do it
 */

const withModule = "`init(module)`";

/** @param {string} version @param {string} slim @param {string[]} layers @returns {Row[]} */
function vite(version, slim, ...layers) {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: `Vite ${version}${layers.includes("worker") ? ", module worker" : ""}`,
    mode,
    tools: { vite: version },
    layers: ["page", "vite", ...layers],
    slim,
    browser: "Chromium",
    site,
  });
  return [row("dev server", viteDev), row("build", viteBuild)];
}

/** @param {string[]} layers @returns {Row[]} */
function webpack(...layers) {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: `webpack 5.112.2${layers.includes("worker") ? ", module worker" : ""}`,
    mode: [mode, ...layers.filter((layer) => layer === "windows-1252")].join(", page in "),
    ...(layers.includes("windows-1252") && { rare: true }),
    tools: { webpack: "5.112.2", "webpack-cli": "6.0.1", "webpack-dev-server": "5.2.7" },
    layers: ["page", "webpack", ...layers],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [
    row("dev server", (app) => app.serve("webpack", "serve", "--mode=development", ...host)),
    row("build", async (app) => {
      await app.finish("webpack", "--mode=production");
      app.copy("public", "dist");
      return app.handOut("dist");
    }),
  ];
}

/** @type {Row} */
const rollup = {
  name: "Rollup 4.67.4",
  mode: "build",
  tools: { rollup: "4.67.4", "@rollup/plugin-node-resolve": "16.0.3" },
  layers: ["page", "module", "copied-wasm"],
  slim: withAddress,
  browser: "Chromium",
  async site(app) {
    await app.finish("rollup", "src/main.js", "--dir=dist", "--plugin=node-resolve");
    app.copy("index.html", "dist/index.html");
    app.copy("node_modules/@ironflow/browser/ironflow.wasm", "dist/ironflow.wasm");
    return app.handOut("dist");
  },
};

/** @param {string} mode @param {string} page @param {string[]} args @returns {Row} */
const esbuild = (mode, page, ...args) => ({
  name: "esbuild 0.28.2",
  mode,
  ...(mode.startsWith("build, ES20") && { rare: true }),
  tools: { esbuild: "0.28.2" },
  layers: ["page", page, "wasm-as-file"],
  slim: withAddress,
  browser: "Chromium",
  async site(app) {
    const bundle = ["src/main.js", "--bundle", "--loader:.wasm=file", ...args];
    if (mode === "dev server") {
      return app.serve(
        "esbuild",
        ...bundle,
        "--servedir=.",
        "--outdir=.",
        "--serve=127.0.0.1:PORT",
      );
    }
    await app.finish("esbuild", ...bundle, "--minify", "--outdir=dist");
    app.copy("index.html", "dist/index.html");
    return app.handOut("dist");
  },
});

/** @returns {Row[]} */
function rspack() {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: "Rspack 1.7.6",
    mode,
    rare: true,
    tools: { "@rspack/core": "1.7.6", "@rspack/cli": "1.7.6" },
    layers: ["page", "webpack"],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [
    row("dev server", (app) => app.serve("rspack", "serve", "--mode=development", ...host)),
    row("build", async (app) => {
      await app.finish("rspack", "build", "--mode=production");
      app.copy("public", "dist");
      return app.handOut("dist");
    }),
  ];
}

/** @returns {Row[]} */
function parcel() {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: "Parcel 2.16.4",
    mode,
    rare: true,
    tools: { parcel: "2.16.4" },
    layers: ["page", "parcel"],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [
    row("dev server", (app) => app.serve("parcel", "serve", "index.html", ...host)),
    row("build", async (app) => {
      await app.finish("parcel", "build", "index.html", "--public-url=./", "--no-cache");
      return app.handOut("dist");
    }),
  ];
}

/** @returns {Row[]} */
function rsbuild() {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: "Rsbuild 2.3.2",
    mode,
    rare: true,
    tools: { "@rsbuild/core": "2.3.2" },
    layers: ["page", "rsbuild"],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [
    row("dev server", (app) => app.serve("rsbuild", "dev", ...host)),
    row("build", async (app) => {
      await app.finish("rsbuild", "build");
      return app.handOut("dist");
    }),
  ];
}

/** Compiled to CommonJS by TypeScript, and run by Node. @param {string} version @param {string} mode @param {string[]} options @returns {Row} */
const typescriptToCommonJs = (version, mode, ...options) => ({
  name: `TypeScript ${version}, CommonJS`,
  mode,
  rare: true,
  type: "commonjs",
  tools: { typescript: version },
  layers: ["typescript-cjs"],
  slim: itself,
  async run(app, entry, server) {
    await app.finish("tsc", ...options);
    return app.finish(process.execPath, ...nodeFlags, `dist/${entry}.js`, server);
  },
});

/** @param {string} name @param {import("./app.mjs").Tools} tools @param {string[]} command @returns {Row} */
const script = (name, tools, ...command) => ({
  name,
  mode: "",
  tools,
  layers: ["page", "script"],
  slim: itself,
  run: (app, entry, server) => {
    const [program = "", ...args] = command;
    return app.finish(program, ...args, `${entry}.js`, server);
  },
});

/** @param {string} environment @returns {Row} */
const vitest = (environment) => ({
  name: "Vitest 4.1.12",
  mode: environment,
  tools: { vitest: "4.1.12", vite: "7.3.8", jsdom: "27.4.0" },
  layers: ["page", "vitest"],
  slim: itself,
  async run(app, entry, server) {
    const args = ["run", `--environment=${environment}`, "--testNamePattern", entry];
    await app.finish("env", `SERVER=${server}`, "vitest", ...args);
    return OUTCOME;
  },
});

const babel = { "@babel/preset-env": "7.29.14" };
const typescript = { "ts-jest": "29.4.15", typescript: "5.9.3" };

/**
 * jsdom under Jest has no fetch, so the app there runs on the store in memory.
 *
 * @param {string} version @param {"babel-jest" | "ts-jest" | "ES modules"} kind @param {"node" | "jsdom"} environment @returns {Row}
 */
const jest = (version, kind, environment) => ({
  name: `Jest ${version}, ${kind}`,
  mode: environment === "jsdom" ? "jsdom, in memory" : environment,
  tools: {
    jest: version,
    "jest-environment-jsdom": version,
    ...(kind === "ts-jest" ? typescript : babel),
  },
  layers: ["page", "jest", ...(kind === "ES modules" ? [] : [kind])],
  type: kind === "ES modules" ? "module" : "commonjs",
  slim: itself,
  async run(app, entry, server) {
    const given = environment === "jsdom" ? "memory" : server;
    const flags = kind === "ES modules" ? "--experimental-vm-modules" : "";
    const options = `NODE_OPTIONS=${[...nodeFlags, flags].join(" ")}`;
    const args = ["--ci", `--env=${environment}`, "--testNamePattern", entry];
    await app.finish("env", options, `SERVER=${given}`, "jest", ...args);
    return OUTCOME;
  },
});

/** @param {string} version @returns {Row[]} */
const jests = (version) => [
  jest(version, "babel-jest", "node"),
  jest(version, "babel-jest", "jsdom"),
  jest(version, "ts-jest", "node"),
  jest(version, "ts-jest", "jsdom"),
];

/** @param {string} flag @returns {Row} */
const required = (flag) => ({
  name: "Node, `require()`",
  mode: flag ? "before 20.19" : "",
  tools: {},
  layers: ["page", "require"],
  slim: itself,
  run: (app, entry, server) => {
    const flags = [...nodeFlags, ...(flag ? [flag] : [])];
    return app.finish(process.execPath, ...flags, "--no-warnings", `${entry}.cjs`, server);
  },
});

/** @type {Row} */
const workerd = {
  name: "workerd (miniflare 4.20260426.0)",
  mode: "",
  tools: { miniflare: "4.20260426.0", esbuild: "0.28.2" },
  layers: ["page", "workerd"],
  slim: withModule,
  without: "compiling bytes is forbidden there",
  async run(app, _, server) {
    const bundle = ["src/worker.js", "--bundle", "--format=esm", "--conditions=workerd"];
    await app.finish(
      "esbuild",
      ...bundle,
      "--loader:.wasm=copy",
      "--asset-names=[name]",
      "--outdir=dist",
    );
    const site = await app.serve("node", "serve.js", "PORT");
    try {
      const answer = await fetch(`${site.url}/?server=${server}`);
      return await answer.text();
    } finally {
      await site.stop();
    }
  },
};

export const rows = [
  ...browserRows,
  ...vite("5.4.21", withAddress, "wasm-url"),
  ...vite("6.4.6", withAddress, "wasm-url"),
  ...vite("7.3.8", withAddress, "wasm-url"),
  ...vite("8.3.8", itself),
  ...vite("8.3.8", itself, "worker"),
  ...webpack(),
  ...webpack("worker"),
  ...webpack("windows-1252").filter(({ mode }) => mode.startsWith("build")),
  rollup,
  esbuild("dev server", "module", "--format=esm"),
  esbuild("build, ESM", "module", "--format=esm", "--splitting"),
  esbuild("build, IIFE", "classic", "--format=iife"),
  esbuild("build, ES2017", "module", "--format=esm", "--splitting", "--target=es2017"),
  esbuild("build, ES2022", "module", "--format=esm", "--splitting", "--target=es2022"),
  ...rspack(),
  ...rsbuild(),
  ...parcel(),
  ...minifiers,
  ...viewRows,
  ...renderedRows,
  script("Node", {}, process.execPath),
  script("Deno 2.9.6", { deno: "2.9.6" }, "deno", "run", "--allow-all"),
  script("Bun 1.4.5", { bun: "1.4.5" }, "bun"),
  required(""),
  required("--no-experimental-require-module"),
  typescriptToCommonJs("5.9.3", "`node10`", "--module", "commonjs", "--moduleResolution", "node10"),
  typescriptToCommonJs("7.0.2", "`node16`", "--module", "node16"),
  vitest("node"),
  vitest("jsdom"),
  ...jests("29.7.0"),
  ...jests("30.5.2"),
  jest("30.5.2", "ES modules", "node"),
  workerd,
];
