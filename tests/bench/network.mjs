import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * A network between clients and a server that can be cut: then connections end, and new ones are refused, or wait
 * until it is mended.
 *
 * @param {string} to the address of the server
 * @param {{ waits?: boolean }} [options]
 */
export async function openNetwork(to, { waits = false } = {}) {
  const { hostname, port } = new URL(to);
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  let isCut = false;
  let connections = 0;
  /** @type {import("node:net").Socket[]} */
  const waiting = [];
  /** @param {import("node:net").Socket} socket */
  const pass = (socket) => {
    connections += 1;
    const other = connect(Number(port), hostname);
    for (const [one, two] of /** @type {const} */ ([
      [socket, other],
      [other, socket],
    ])) {
      sockets.add(one);
      one.setNoDelay(true);
      one.pipe(two);
      one.on("error", () => two.destroy());
      one.on("close", () => {
        sockets.delete(one);
        two.destroy();
      });
    }
  };
  const server = createServer((socket) => {
    if (!isCut) pass(socket);
    else if (waits) waiting.push(socket);
    else socket.destroy();
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  const { port: own } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    /** Where clients connect to. */
    host: `127.0.0.1:${own}`,
    /** How many connections have been passed on. */
    get connections() {
      return connections;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
      for (const socket of waiting.splice(0)) pass(socket);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
