import { ironflow } from "../node_modules/@ironflow/browser/index.js";
import { exercise } from "./exercise.js";

self.onmessage = async ({ data }) => {
  postMessage(await exercise({ ironflow }, data).catch(String));
};
