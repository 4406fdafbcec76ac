// An extension has no import map.

import { init, ironflow } from "../node_modules/@ironflow/browser/slim.js";
import { exercise } from "./exercise.js";

export async function run(server) {
  await init();
  return exercise({ ironflow }, server);
}
