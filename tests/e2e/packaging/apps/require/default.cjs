// Prints the outcome on the server whose URL it is given; an ES module of the app has the same instance.

const assert = require("node:assert/strict");
const api = require("@ironflow/browser");

async function main() {
  const imported = await import("@ironflow/browser");
  assert.equal(imported.IronflowError, api.IronflowError);
  assert.equal(imported.ironflow, api.ironflow);
  const { exercise } = await import("./src/exercise.js");
  console.log(await exercise(api, process.argv[2]));
}

main();
