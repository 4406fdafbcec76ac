import { inWorker } from "./in-worker.js";

export const run = (server) => inWorker(new Worker("src/classic-worker.js"), server);
