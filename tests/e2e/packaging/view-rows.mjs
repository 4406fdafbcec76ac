// The frameworks that render in the page: a component shows a view of a key.

import { host, itself, viteBuild, viteDev, withAddress } from "./rendered-rows.mjs";

/** @typedef {import("./rows.mjs").Row} Row */

const vite = "8.3.8";

/** An app of a framework, built by Vite. @param {string} name @param {import("./app.mjs").Tools} tools @param {string[]} layers @returns {Row[]} */
function withVite(name, tools, ...layers) {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: `${name} (Vite ${vite})`,
    mode,
    rare: true,
    tools: { ...tools, vite },
    layers: ["page", "vite", "view", ...layers],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [row("dev server", viteDev), row("build", viteBuild)];
}

const react = { react: "19.3.1", "react-dom": "19.3.1" };

/** @param {"zoneless" | "zone"} kind @returns {Row[]} */
function angular(kind) {
  const zone = kind === "zone";
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: `Angular 21.2.26, ${zone ? "Zone.js" : "zoneless"}`,
    mode,
    rare: true,
    tools: {
      "@angular/core": "21.2.26",
      "@angular/common": "21.2.26",
      "@angular/compiler": "21.2.26",
      "@angular/platform-browser": "21.2.26",
      "@angular/compiler-cli": "21.2.26",
      "@angular/build": "21.2.27",
      "@angular/cli": "21.2.27",
      rxjs: "7.8.2",
      tslib: "2.9.1",
      typescript: "5.9.3",
      "zone.js": "0.16.3",
    },
    layers: ["page", "copied-wasm", "view", "angular", ...(zone ? ["angular-zone"] : [])],
    slim: withAddress,
    browser: "Chromium",
    site,
  });
  return [
    row("dev server", (app) =>
      app.serve("ng", "serve", `--configuration=${zone ? "zone" : "development"}`, ...host),
    ),
    row("build", async (app) => {
      await app.finish("ng", "build", `--configuration=production${zone ? ",zone" : ""}`);
      return app.handOut("dist");
    }),
  ];
}

/** @returns {Row[]} */
function storybook() {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: "Storybook 10.6.7 (React, Vite)",
    mode,
    rare: true,
    tools: {
      ...react,
      "@vitejs/plugin-react": "6.3.0",
      storybook: "10.6.7",
      "@storybook/react-vite": "10.6.7",
      vite,
    },
    layers: ["page", "view", "react", "storybook"],
    slim: itself,
    browser: "Chromium",
    site,
    path: "/iframe.html?id=greeting--live&viewMode=story",
  });
  return [
    row("dev server", (app) => app.serve("storybook", "dev", "--ci", ...host)),
    row("build", async (app) => {
      await app.finish("storybook", "build", "--output-dir=dist");
      return app.handOut("dist");
    }),
  ];
}

export const viewRows = [
  ...withVite("React 19.3.1", { ...react, "@vitejs/plugin-react": "6.3.0" }, "react"),
  ...withVite(
    "Preact 11.2.0",
    { preact: "11.2.0", "@preact/preset-vite": "2.10.6", "@babel/core": "7.29.13" },
    "react",
    "preact",
  ),
  ...withVite("Vue 3.5.45", { vue: "3.5.45", "@vitejs/plugin-vue": "6.0.11" }, "vue"),
  ...withVite(
    "Svelte 5.57.3",
    { svelte: "5.57.3", "@sveltejs/vite-plugin-svelte": "7.3.1" },
    "svelte",
  ),
  ...angular("zoneless"),
  ...angular("zone"),
  ...withVite("Solid 1.9.19", { "solid-js": "1.9.19", "vite-plugin-solid": "2.11.14" }, "solid"),
  ...storybook(),
];
