import { inSharedWorker } from "./in-shared-worker.js";

export const run = (server) =>
  inSharedWorker(new SharedWorker("src/slim-shared-worker.js", { type: "module" }), server);
