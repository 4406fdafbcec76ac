// A site with React and the hooks, on a server of its own, in a browser: what app.jsx and the recipe of the docs render.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { launchBrowser } from "./browser.mjs";
import { openComponents, writeComponentPage } from "./component-page.mjs";
import { packageDir, root } from "./paths.mjs";
import { startServer } from "./server.mjs";

/** Builds and serves the site. */
export async function startReact() {
  const site = mkdtempSync(join(tmpdir(), "ironflow-react-"));
  /** @type {import("esbuild").BuildOptions} */
  const options = {
    bundle: true,
    format: "esm",
    alias: {
      "@ironflow/browser": join(packageDir, "index.js"),
      "@ironflow/browser/react": join(packageDir, "react.js"),
      "@ironflow/browser/ssr": join(packageDir, "ssr.js"),
    },
    nodePaths: [join(root, "tests/node_modules")],
    jsx: "automatic",
    // With all the warnings that React has.
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
  };
  const page = readFileSync(join(root, "docs/frameworks.md"), "utf8");
  const [, recipe = ""] = /^## React\n.*?^```jsx\n(.*?)^```$/ms.exec(page) ?? [];
  assert.match(recipe, /http:\/\/localhost:9123/);
  const show = `
    import { createRoot } from "react-dom/client";
    createRoot(document.getElementById("root")).render(<Todos />);
    globalThis.todos = todos;`;
  const contents = recipe.replace('"http://localhost:9123"', "location.origin") + show;
  await build({
    ...options,
    stdin: { contents, loader: "jsx", resolveDir: site },
    outfile: join(site, "recipe.js"),
  });
  const from = (/** @type {string} */ name) => join(root, "tests/e2e/react", name);
  await build({ ...options, entryPoints: [from("app.jsx")], outfile: join(site, "app.js") });
  await build({
    ...options,
    entryPoints: [from("server.jsx")],
    outfile: join(site, "server.mjs"),
    platform: "node",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
  writeComponentPage(site, "index", "app");
  writeComponentPage(site, "recipe");
  const [browser, server] = await Promise.all([launchBrowser(), startServer({ staticDir: site })]);
  return {
    site,
    browser,
    server,
    open: (/** @type {object} */ config) => openComponents(browser, server.url, "react", config),
    async stop() {
      await browser.close();
      await server.stop();
      rmSync(site, { recursive: true, force: true });
    },
  };
}
