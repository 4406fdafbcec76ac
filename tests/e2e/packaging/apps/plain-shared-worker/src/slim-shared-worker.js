import { init, ironflow } from "../node_modules/@ironflow/browser/slim.js";
import { exercise } from "./exercise.js";

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = async ({ data }) => {
    const outcome = init().then(() => exercise({ ironflow }, data));
    port.postMessage(await outcome.catch(String));
  };
};
