import { init, ironflow } from "@ironflow/browser/slim";
import { exercise } from "./exercise.js";

self.onmessage = async ({ data }) => {
  const outcome = init().then(() => exercise({ ironflow }, data));
  postMessage(await outcome.catch(String));
};
