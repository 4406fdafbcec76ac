import wasm from "@ironflow/browser/ironflow.wasm";
import { init, ironflow } from "@ironflow/browser/slim";
import { exercise } from "./exercise.js";

export async function run(server) {
  await init(wasm);
  return exercise({ ironflow }, server);
}
