import { inServiceWorker } from "./in-service-worker.js";

export const run = (server) => inServiceWorker("src/slim-service-worker.js", server);
