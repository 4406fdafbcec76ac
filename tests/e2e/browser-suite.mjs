// Runs the tests of tests/browser in headless Chrome: starts the servers they need, leaves their
// addresses where the test page finds them, and hands over to wasm-pack. Arguments go to the tests.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startNats } from "./support/nats.mjs";
import { root } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const nats = await startNats();
const onNats = await startServer({ store: nats.url });
const onMemory = await startServer();
try {
  // Not cargo's own target folder, which may lie elsewhere: the test page's server looks here.
  mkdirSync(join(root, "target"), { recursive: true });
  const addresses = JSON.stringify({ memory: onMemory.url, nats: onNats.url });
  writeFileSync(join(root, "target/browser-suite.json"), addresses);

  const chrome = process.env.CHROMEDRIVER ? ["--chromedriver", process.env.CHROMEDRIVER] : [];
  const how = ["test", "--headless", "--chrome", ...chrome, "--test", "browser"];
  const { status } = spawnSync("wasm-pack", [...how, "--", ...process.argv.slice(2)], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { WASM_BINDGEN_TEST_TIMEOUT: "300", ...process.env },
  });
  process.exitCode = status ?? 1;
} finally {
  await Promise.all([onMemory.stop(), onNats.stop()]);
  await nats.stop();
}
