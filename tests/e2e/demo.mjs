// Serves the demo page together with the reference server, until Ctrl-C. `make demo` runs it, with
// PORT, and STORE = memory | nats (a nats-server of its own) | nats://host:port.

import { createServer } from "node:net";
import { assembleDemo } from "./support/demo.mjs";
import { startNats } from "./support/nats.mjs";
import { startServer } from "./support/server.mjs";

const port = Number(process.env.PORT || 9123);
const store = process.env.STORE || "memory";

/** @param {string} message @returns {never} */
function giveUp(message) {
  console.error(message);
  process.exit(1);
}

/** Whether the port is in use. */
function taken() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

if (!(Number.isInteger(port) && port > 0 && port < 65536))
  giveUp(`PORT must be between 1 and 65535: found ${process.env.PORT}`);
if (!/^(memory|nats|nats:\/\/.+)$/.test(store)) {
  giveUp(`STORE must be memory, nats or nats://host:port: found ${store}`);
}
if (await taken()) {
  giveUp(`Port ${port} is in use: stop its process, or run "make demo PORT=${port + 1}".`);
}

const nats = store === "nats" ? await startNats() : undefined;
const server = await startServer({
  store: nats?.url ?? store,
  listen: `127.0.0.1:${port}`,
  staticDir: assembleDemo(),
});
const where = nats ? `NATS JetStream (${nats.url})` : store === "memory" ? "memory" : store;
console.log(`
  Open  ${server.url}

  The reference server keeps its data in ${where}. Press Ctrl-C to stop it.
`);

let ending = false;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, async () => {
    if (ending) return;
    ending = true;
    await server.stop();
    await nats?.stop();
    process.exit(0);
  });
}
await server.ended;
if (!ending) giveUp(`The server has exited:\n${server.log()}`);
