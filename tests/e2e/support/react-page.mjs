// A site with React and the hooks, on a server of its own, in a browser: what app.jsx and the recipe of the docs render.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { complaints, launchBrowser } from "./browser.mjs";
import { packageDir, root } from "./paths.mjs";
import { startServer } from "./server.mjs";

/** The number of buckets so far: it makes their names unique. */
let buckets = 0;

/** In the page, what app.jsx leaves there. @type {any} */
let app;

/**
 * A page of its own, with a client and a bucket.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url the site
 * @param {object} config
 */
async function openPage(browser, url, config) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complained = complaints(page);
  /** @type {import("playwright-core").WebSocket[]} */
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  await page.goto(url);
  buckets += 1;
  const bucket = `react-${buckets}`;
  await page.evaluate(
    async ([settings, name]) => {
      app.start(settings);
      await app.kv().createBucket({ name });
    },
    /** @type {const} */ ([config, bucket]),
  );
  return {
    page,
    bucket,
    sockets,
    /** Sockets that are open. */
    live: () => sockets.filter((socket) => !socket.isClosed()).length,
    render: (/** @type {string} */ name, /** @type {object} */ props = {}) =>
      page.evaluate(
        ([component, given]) => app.render(component, given),
        /** @type {const} */ ([name, { bucket, ...props }]),
      ),
    put: (/** @type {string} */ key, /** @type {unknown} */ value) =>
      page.evaluate(
        ([name, to, what]) => app.kv().bucket(name).put(to, what),
        /** @type {const} */ ([bucket, key, value]),
      ),
    /** What has been rendered since this was last asked. @returns {Promise<string[]>} */
    rendered: () => page.evaluate(() => app.rendered.splice(0)),
    /** The list, once it is so long. @param {number} length @param {string} [status] */
    async list(length, status = "ready") {
      const selector = `ul[data-status=${status}][data-size="${length}"]`;
      await page.waitForSelector(selector, { state: "attached" });
      return (await page.locator("li").allTextContents()).sort();
    },
    /** @param {RegExp} [expected] what the browser itself may say */
    async done(expected = /^$/) {
      const unexpected = complained.filter((complaint) => !expected.test(complaint));
      assert.deepEqual(unexpected, [], "the console stays clean");
      await context.close();
    },
  };
}

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
  for (const [name, script] of Object.entries({ index: "app", recipe: "recipe" })) {
    const body = `<div id="root"></div><script type="module" src="${script}.js"></script>`;
    const icon = '<link rel="icon" href="data:,">';
    writeFileSync(join(site, `${name}.html`), `<!doctype html>${icon}${body}`);
  }
  const [browser, server] = await Promise.all([launchBrowser(), startServer({ staticDir: site })]);
  return {
    site,
    browser,
    server,
    open: (/** @type {object} */ config) => openPage(browser, server.url, config),
    async stop() {
      await browser.close();
      await server.stop();
      rmSync(site, { recursive: true, force: true });
    },
  };
}
