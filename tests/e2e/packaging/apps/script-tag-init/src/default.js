import { exercise } from "./exercise.js";

export async function run(server) {
  await Ironflow.init();
  return exercise(Ironflow, server);
}
