// WebKitGTK by its WebDriver, on a display of its own.

import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { start } from "./process.mjs";

const LIBRARIES = "/usr/lib";

/** The programs; undefined unless all are installed. */
export function webkitPath() {
  const [driver, display] = ["/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"];
  if (!existsSync(driver) || !existsSync(display)) return undefined;
  const found = readdirSync(LIBRARIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      ["6.0", "4.1"].map((version) => join(LIBRARIES, name, `webkitgtk-${version}`, "MiniBrowser")),
    )
    .flatMap((path) => [path, path.replace("webkitgtk", "webkit2gtk")])
    .find((path) => existsSync(path));
  return found && { driver, display, browser: found };
}

/** A port that is free. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** Starts Xvfb on a display that is free. @param {string} program */
async function startDisplay(program) {
  // It writes the number of the display that it chose.
  const display = start(program, ["-displayfd", "1", "-nolisten", "tcp"], { name: "Xvfb" });
  const number = await display.until(
    () => /^(\d+)\n/.exec(display.output.stdout)?.[1],
    "display number",
  );
  return { name: `:${number}`, stop: () => display.stop() };
}

/** A function as the body of an asynchronous script, which passes on its result or its error. @param {Function} run */
const script = (run) => `
  const [given, done] = arguments;
  new Promise((resolve) => resolve((${run})(given))).then(
    (value) => done({ value }),
    (error) => done({ error: String(error) }),
  );`;

/** Throws as storages do that have no room. */
function fill() {
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
}

/** @returns {Promise<import("./tabs.mjs").TabbedBrowser>} */
export async function launchWebKit() {
  const paths = webkitPath();
  if (!paths) throw new Error("there is no WebKitWebDriver, MiniBrowser or Xvfb");
  const display = await startDisplay(paths.display);
  const port = await freePort();
  const driver = start(paths.driver, [`--port=${port}`], {
    name: "WebKitWebDriver",
    env: { DISPLAY: display.name },
  });
  /** @param {"GET" | "POST" | "DELETE"} method @param {string} path @param {object} [body] */
  const call = async (method, path, body) => {
    const init = { method, body: body && JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const { value } = /** @type {{ value: any }} */ (await response.json());
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  let ready = false;
  const watching = setInterval(() => {
    call("GET", "/status").then(
      () => {
        ready = true;
      },
      () => {},
    );
  }, 50);
  await driver.until(() => ready || undefined, "answer").finally(() => clearInterval(watching));

  return {
    async newContext({ full = false } = {}) {
      const options = { binary: paths.browser, args: ["--automation"] };
      const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": options } };
      const { sessionId, capabilities: found } = await call("POST", "/session", { capabilities });
      const session = `/session/${sessionId}`;
      await call("POST", `${session}/timeouts`, { script: 120_000 });
      // A session has one current tab: commands for tabs take turns.
      let turn = Promise.resolve();
      /** @param {string} handle @param {() => Promise<any>} command */
      const inTab = (handle, command) => {
        const result = turn.then(async () => {
          await call("POST", `${session}/window`, { handle });
          return command();
        });
        turn = result.catch(() => {});
        return result;
      };
      return {
        version: found.browserVersion,
        async open(url) {
          const [first] = await call("GET", `${session}/window/handles`);
          /** @type {string} */
          const handle = await inTab(first, async () => {
            // A tab would be hidden behind the first one, and its timers slow.
            return (await call("POST", `${session}/window/new`, { type: "window" })).handle;
          });
          /** @type {import("./tabs.mjs").Tab} */
          const tab = {
            evaluate: async (run, given) => {
              const asked = { script: script(run), args: [given ?? null] };
              const result = await inTab(handle, () =>
                call("POST", `${session}/execute/async`, asked),
              );
              if (result.error) throw new Error(result.error);
              return result.value;
            },
            goto: (address) =>
              inTab(handle, () => call("POST", `${session}/url`, { url: address })),
            async reload() {
              await inTab(handle, () => call("POST", `${session}/refresh`, {}));
              if (full) await tab.evaluate(fill, undefined);
            },
            close: () => inTab(handle, () => call("DELETE", `${session}/window`)),
            kill: () => tab.close(),
          };
          await tab.goto(url);
          if (full) await tab.evaluate(fill, undefined);
          return tab;
        },
        close: () => call("DELETE", session),
      };
    },
    async close() {
      await driver.stop();
      await display.stop();
    },
  };
}
