import { inServiceWorker } from "./in-service-worker.js";

export const run = (server) => inServiceWorker("src/default-service-worker.js", server);
