import { init, ironflow } from "@ironflow/browser/slim";
import { exercise } from "./exercise.js";

export async function run(server) {
  await init("ironflow.wasm");
  return exercise({ ironflow }, server);
}
