import { ironflow } from "../node_modules/@ironflow/browser/index.js";
import { exercise } from "./exercise.js";

self.onmessage = (event) => {
  const { server, port } = event.data;
  const outcome = exercise({ ironflow }, server).catch(String);
  event.waitUntil(outcome.then((words) => port.postMessage(words)));
};
