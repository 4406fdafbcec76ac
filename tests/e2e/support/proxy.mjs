import { once } from "node:events";
import { createServer, request } from "node:http";

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
