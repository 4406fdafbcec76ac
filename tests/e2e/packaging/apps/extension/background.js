import { ironflow } from "./node_modules/@ironflow/browser/index.js";
import * as slim from "./node_modules/@ironflow/browser/slim.js";
import { exercise } from "./src/exercise.js";

async function run({ entry, server }) {
  if (entry === "default") return exercise({ ironflow }, server);
  await slim.init();
  return exercise(slim, server);
}

chrome.runtime.onMessage.addListener((given, _, respond) => {
  run(given).catch(String).then(respond);
  return true;
});
