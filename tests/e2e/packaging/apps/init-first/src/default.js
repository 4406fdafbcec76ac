import { init, ironflow } from "@ironflow/browser";
import { exercise } from "./exercise.js";

export async function run(server) {
  await init();
  return exercise({ ironflow }, server);
}
