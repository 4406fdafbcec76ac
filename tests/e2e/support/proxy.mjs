import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { root } from "./paths.mjs";

/**
 * The JavaScript of the crate that a test page asks for. wasm-bindgen leaves only those files for the page
 * that Rust imports from, not those that they import.
 *
 * @param {string} url
 */
function source(url) {
  const [, name] = /\/snippets\/[^/]+\/(src\/js\/[\w-]+\.js)$/.exec(url) ?? [];
  return name && existsSync(join(root, name)) ? readFileSync(join(root, name)) : undefined;
}

/**
 * Starts a forward proxy for plain HTTP that opens a connection for each request and closes it with
 * the answer.
 *
 * The web server of wasm-bindgen's test runner gives each connection a thread, and can leave a
 * connection waiting for as long as the browser keeps the others alive: minutes, when several files
 * are asked for at once. Behind this proxy none is kept alive.
 */
export async function startProxy() {
  const server = createServer((incoming, outgoing) => {
    const { method, url = "", headers } = incoming;
    const file = source(url);
    if (file) {
      outgoing.writeHead(200, { "Content-Type": "text/javascript", Connection: "close" });
      outgoing.end(file);
      return;
    }
    const options = { method, agent: false, headers: { ...headers, connection: "close" } };
    const forwarded = request(url, options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    address: `127.0.0.1:${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
