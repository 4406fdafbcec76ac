// The frameworks that render in the page: a component shows a view of a key.

import { itself, viteBuild, viteDev } from "./rendered-rows.mjs";

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
  ...withVite("Solid 1.9.19", { "solid-js": "1.9.19", "vite-plugin-solid": "2.11.14" }, "solid"),
];
