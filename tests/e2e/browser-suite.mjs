// Runs the tests of tests/browser in headless Chrome: starts the servers they need, leaves their
// addresses where the test page finds them, and hands over to wasm-pack. Arguments go to the tests.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startNats } from "./support/nats.mjs";
import { root } from "./support/paths.mjs";
import { startProxy } from "./support/proxy.mjs";
import { startServer } from "./support/server.mjs";

const nats = await startNats();
const onNats = await startServer({ store: nats.url });
const onMemory = await startServer();
const proxy = await startProxy();

// Not cargo's own target folder, which may lie elsewhere: the test page's server looks here.
const left = join(root, "target");
mkdirSync(left, { recursive: true });

/** Chrome's settings: the page and its files come through the proxy, the servers are asked directly. */
function webdriver() {
  const settings = JSON.parse(readFileSync(join(root, "tests/webdriver.json"), "utf8"));
  const direct = [onMemory, onNats].map(({ url }) => new URL(url).host);
  settings["goog:chromeOptions"].args.push(
    `--proxy-server=http://${proxy.address}`,
    `--proxy-bypass-list=${["<-loopback>", ...direct].join(";")}`,
  );
  const file = join(left, "browser-suite-webdriver.json");
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

try {
  const addresses = JSON.stringify({ memory: onMemory.url, nats: onNats.url });
  writeFileSync(join(left, "browser-suite.json"), addresses);
  const chrome = process.env.CHROMEDRIVER ? ["--chromedriver", process.env.CHROMEDRIVER] : [];
  const how = ["test", "--headless", "--chrome", ...chrome, "--test", "browser"];
  const tests = spawn("wasm-pack", [...how, "--", ...process.argv.slice(2)], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      WASM_BINDGEN_TEST_TIMEOUT: "900",
      ...process.env,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: webdriver(),
    },
  });
  const [status] = await once(tests, "exit");
  process.exitCode = status ?? 1;
} finally {
  proxy.stop();
  await Promise.all([onMemory.stop(), onNats.stop()]);
  await nats.stop();
}
