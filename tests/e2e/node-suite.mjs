// Runs the JavaScript suite (tests/suite) on the built package, in this Node, on the memory transport:
//
//   node tests/e2e/node-suite.mjs [SUITE...]
//
// With IRONFLOW_SERVER_URL it runs on that server; Node 20 then needs --experimental-websocket.

import { pathToFileURL } from "node:url";
import { run, suites } from "../suite/index.js";
import { root } from "./support/paths.mjs";

const api = await import(pathToFileURL(`${root}/pkg/index.js`).href);
const serverUrl = process.env.IRONFLOW_SERVER_URL;
/** @type {import("../../src/client/types.d.ts").IronflowConfigOptions} */
const config = serverUrl ? { serverUrl } : { transport: "memory" };
const chosen = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : Object.keys(suites);
let [passed, failed] = [0, 0];
for (const name of names) {
  try {
    const result = await run(name, { ...api, config });
    passed += result.passed;
    console.log(`${name}: ${result.passed} passed`);
  } catch (error) {
    failed += 1;
    console.error(/** @type {Error} */ (error).message);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
