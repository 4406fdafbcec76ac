// Pages with a Content-Security-Policy, in each kind of browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { packageDir } from "../support/paths.mjs";
import { startServer } from "../support/server.mjs";
import { OUTCOME } from "./apps/page/src/exercise.js";
import { launchBrowsers } from "./browsers.mjs";

const exercise = fileURLToPath(new URL("apps/page/src/exercise.js", import.meta.url));

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof launchBrowsers>>} */
let browsers;
/** The policy of the page that is handed out. */
let policy = "";
let origin = "";

/** What the page runs: an entry, whose outcome it leaves where browsers.mjs looks for it. */
const app = `
  import { exercise } from "/exercise.js";
  const { searchParams } = new URL(location.href);
  const load = async () => {
    if (searchParams.get("entry") === "default") return import("/pkg/index.js");
    const slim = await import("/pkg/slim.js");
    await slim.init();
    return slim;
  };
  load()
    .then((api) => exercise(api, searchParams.get("server")))
    .catch((error) => error.code + ": " + error.message)
    .then((outcome) => { document.documentElement.dataset.outcome = outcome; });
`;
const page = `<!doctype html><title>A page</title><link rel="icon" href="data:,">
  <script type="module" src="/app.js"></script>`;

/** @type {Record<string, string>} */
const types = { ".wasm": "application/wasm", ".js": "text/javascript", "": "text/html" };

const NAMES = ["Chromium", "Firefox", "WebKit"];

const site = createServer(({ url = "" }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  response.setHeader("Content-Type", types[extname(pathname)] ?? "");
  response.setHeader("Content-Security-Policy", policy);
  if (pathname === "/") response.end(page);
  else if (pathname === "/app.js") response.end(app);
  else if (pathname === "/exercise.js") response.end(readFileSync(exercise));
  else response.end(readFileSync(join(packageDir, pathname.replace("/pkg/", ""))));
});

before(async () => {
  [server, browsers] = await Promise.all([startServer(), launchBrowsers(NAMES)]);
  await new Promise((resolve) => site.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (site.address());
  origin = `http://127.0.0.1:${address.port}`;
});

after(async () => {
  await Promise.all(Object.values(browsers ?? {}).map((browser) => browser?.close()));
  await server?.stop();
  site.close();
});

const strict = () =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${server.url} ${server.url.replace("http", "ws")}`,
    "img-src data:",
    "base-uri 'none'",
  ].join("; ");

/** @type {Record<string, { policy: () => string, outcome: RegExp }>} */
const policies = {
  "works with script-src 'self' 'wasm-unsafe-eval'": {
    policy: () => "script-src 'self' 'wasm-unsafe-eval'",
    outcome: new RegExp(`^${OUTCOME}$`),
  },
  "works where all else is forbidden": {
    policy: strict,
    outcome: new RegExp(`^${OUTCOME}$`),
  },
  "works where all else is forbidden, with Trusted Types": {
    policy: () => `${strict()}; require-trusted-types-for 'script'; trusted-types 'none'`,
    outcome: new RegExp(`^${OUTCOME}$`),
  },
  "says what to add where WebAssembly is forbidden": {
    policy: () => "script-src 'self'",
    outcome:
      /^WASM_BLOCKED: .* Content-Security-Policy needs 'wasm-unsafe-eval' among its script-src/,
  },
};

for (const name of NAMES) {
  describe(`a page with a policy, in ${name}`, () => {
    for (const [what, { policy: make, outcome: expected }] of Object.entries(policies)) {
      for (const entry of ["default", "slim"]) {
        test(`${what} (${entry})`, async (t) => {
          const browser = browsers[name];
          if (!browser) return t.skip(`not run: there is no ${name}`);
          policy = make();
          const { outcome, complaints } = await browser.visit(
            `${origin}/?entry=${entry}&server=${server.url}`,
          );
          assert.match(outcome, expected);
          if (!outcome.startsWith("WASM_BLOCKED")) assert.deepEqual(complaints, []);
        });
      }
    }
  });
}
