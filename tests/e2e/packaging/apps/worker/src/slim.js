import { inWorker } from "./in-worker.js";

export const run = (server) =>
  inWorker(new Worker(new URL("./slim-worker.js", import.meta.url), { type: "module" }), server);
