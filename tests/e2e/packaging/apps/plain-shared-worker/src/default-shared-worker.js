import { ironflow } from "../node_modules/@ironflow/browser/index.js";
import { exercise } from "./exercise.js";

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = async ({ data }) => {
    port.postMessage(await exercise({ ironflow }, data).catch(String));
  };
};
