import { ironflow } from "@ironflow/browser";
import { exercise } from "./exercise.js";

self.onmessage = async ({ data }) => {
  postMessage(await exercise({ ironflow }, data).catch(String));
};
