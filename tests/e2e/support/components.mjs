// Bundles components of Vue and Svelte, with all warnings of the frameworks.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";
import { packageDir, root } from "./paths.mjs";

/** @typedef {"vue" | "svelte"} Framework */

/** @param {string} source @param {string} filename @param {boolean} server */
const compilers = {
  vue(/** @type {string} */ source, /** @type {string} */ filename, /** @type {boolean} */ server) {
    const { descriptor, errors } = parse(source, { filename });
    if (errors[0]) throw errors[0];
    const id = basename(filename);
    const templateOptions = { ssr: server, ssrCssVars: [] };
    return compileScript(descriptor, { id, inlineTemplate: true, templateOptions }).content;
  },
  svelte(
    /** @type {string} */ source,
    /** @type {string} */ filename,
    /** @type {boolean} */ server,
  ) {
    const generate = server ? "server" : "client";
    return compile(source, { filename, generate, dev: true }).js.code;
  },
};

/** What a component is loaded with by esbuild. @param {boolean} server @returns {import("esbuild").Plugin} */
const components = (server) => ({
  name: "components",
  setup({ onLoad }) {
    for (const framework of /** @type {Framework[]} */ (["vue", "svelte"])) {
      // Svelte's own package has such files too.
      onLoad({ filter: new RegExp(`\\.${framework}$`) }, ({ path }) => ({
        contents: compilers[framework](readFileSync(path, "utf8"), path, server),
        loader: "js",
      }));
    }
  },
});

/**
 * Bundles a module in which `ironflow:framework` is another one.
 *
 * @param {string} from
 * @param {string} framework the path of the other module
 * @param {string} to
 * @param {{ server?: boolean }} [options]
 */
export async function bundleComponents(from, framework, to, { server = false } = {}) {
  await build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    format: "esm",
    platform: server ? "node" : "browser",
    conditions: ["development", "svelte"],
    alias: {
      "ironflow:framework": framework,
      "@ironflow/browser": join(packageDir, "index.js"),
      "@ironflow/browser/ssr": join(packageDir, "ssr.js"),
      "@ironflow/browser/svelte": join(packageDir, "svelte.js"),
      "@ironflow/browser/vue": join(packageDir, "vue.js"),
    },
    nodePaths: [join(root, "tests/node_modules")],
    define: {
      "process.env.NODE_ENV": '"development"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
    },
    banner: server
      ? { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' }
      : {},
    logLevel: "warning",
    plugins: [components(server)],
  });
}
