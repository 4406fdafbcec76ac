// Runs suites of tests/suite on the package that is installed where a copy of this file lies:
//
//   node run-suite.mjs ADDRESS-OF-THE-SUITE CONFIGURATION SUITE...

import * as api from "@ironflow/browser";

const [address = "", config = "{}", ...names] = process.argv.slice(2);
/** @type {typeof import("../../suite/index.js")} */
const { run } = await import(address);
for (const name of names) {
  try {
    const { passed } = await run(name, { ...api, config: JSON.parse(config) });
    console.log(`${name}: ${passed} cases passed`);
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
