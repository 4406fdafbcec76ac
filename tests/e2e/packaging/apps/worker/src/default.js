import { inWorker } from "./in-worker.js";

export const run = (server) =>
  inWorker(new Worker(new URL("./default-worker.js", import.meta.url), { type: "module" }), server);
