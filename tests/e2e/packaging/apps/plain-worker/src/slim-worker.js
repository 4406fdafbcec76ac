import { init, ironflow } from "../node_modules/@ironflow/browser/slim.js";
import { exercise } from "./exercise.js";

self.onmessage = async ({ data }) => {
  const outcome = init().then(() => exercise({ ironflow }, data));
  postMessage(await outcome.catch(String));
};
