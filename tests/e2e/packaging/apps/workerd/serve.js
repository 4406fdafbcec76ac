// Answers a request in workerd, the runtime of Cloudflare Workers.

import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [port] = process.argv.slice(2);
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: Number(port),
  compatibilityDate: "2025-01-01",
  modules: [
    { type: "ESModule", path: "dist/worker.js" },
    {
      type: "CompiledWasm",
      path: "dist/ironflow.wasm",
      contents: readFileSync("dist/ironflow.wasm"),
    },
  ],
});
await miniflare.ready;
