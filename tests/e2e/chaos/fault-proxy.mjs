import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Pipe } from "./pipe.mjs";

/**
 * What is done to connections:
 *
 * - `cut`: reset at once
 * - `refuse`: for a while, new connections are reset
 * - `stall`: nothing passes either way, then a reset
 * - `tear`: reset after so many bytes to the client, most likely in the middle of a frame
 * - `half-open`: what goes one way vanishes, then a reset
 * - `black-hole`: what goes either way vanishes, and nothing else happens
 * - `slow`: for a while, a few bytes pass at a time
 *
 * @typedef {"cut" | "refuse" | "stall" | "tear" | "half-open" | "black-hole" | "slow"} FaultKind
 *
 * @typedef {object} Fault
 * @property {FaultKind} kind
 * @property {"all" | "one" | "sockets" | "next"} scope which connections: all that there are, one of them,
 *   those that carry a WebSocket, or the next one that is made
 * @property {number} chosen at least 0, less than 1: says which one it is
 * @property {number} hold how long it lasts, in milliseconds
 * @property {number} bytes after how many to tear, or how many pass at a time
 * @property {"client" | "server"} to which direction vanishes
 *
 * @typedef {Awaited<ReturnType<typeof startFaultProxy>>} FaultProxy
 */

/**
 * Resets a connection. One that is just saying goodbye is closed instead: Node 20 would refuse to reset it and never
 * close it.
 *
 * @param {import("node:net").Socket} socket
 */
export function reset(socket) {
  if (socket.destroyed) return;
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * Whether a client's frames have a close frame among them. What a client sends here is small, and begins with a frame.
 *
 * @param {Buffer} chunk
 */
function saysGoodbye(chunk) {
  for (let at = 0; at + 1 < chunk.length; ) {
    if ((chunk.readUInt8(at) & 15) === 8) return true;
    const short = chunk.readUInt8(at + 1) & 127;
    const [more, length] =
      short === 126 && at + 4 <= chunk.length ? [2, chunk.readUInt16BE(at + 2)] : [0, short];
    at += 2 + more + 4 + length;
  }
  return false;
}

/** One connection through the proxy. */
class Link {
  isWebSocket = false;
  isFaulty = false;
  /** Since when everything vanishes. @type {number | undefined} */
  holeSince;
  /** @type {Set<NodeJS.Timeout>} */
  #timers = new Set();

  /** Whether the request of the handshake has come, and frames follow. */
  #isUpgraded = false;
  #onHoleLeft;

  /**
   * @param {import("node:net").Socket} client @param {import("node:net").Socket} server
   * @param {(age: number) => void} onHoleLeft for how long a WebSocket stayed in a black hole, in milliseconds
   */
  constructor(client, server, onHoleLeft) {
    this.#onHoleLeft = onHoleLeft;
    this.client = client;
    this.server = server;
    this.toServer = new Pipe(client, server);
    this.toClient = new Pipe(server, client);
    client.once("data", (chunk) => {
      this.isWebSocket = /^upgrade: *websocket/im.test(chunk.toString("latin1"));
      // A connection that was made in advance is of no use until now.
      if (this.holeSince !== undefined) this.holeSince = performance.now();
    });
    client.on("data", (chunk) => {
      if (this.isWebSocket && this.#isUpgraded && saysGoodbye(chunk)) this.leaveHole();
      this.#isUpgraded = true;
    });
    client.on("end", () => this.leaveHole());
    client.on("close", () => this.leaveHole());
    this.#passOnReset(client, this.toServer);
    this.#passOnReset(server, this.toClient);
  }

  /** The client has given up, or the hole is closed. */
  leaveHole() {
    if (this.holeSince === undefined) return;
    const age = performance.now() - this.holeSince;
    this.holeSince = undefined;
    if (this.isWebSocket) this.#onHoleLeft(age);
  }

  /** @param {import("node:net").Socket} side @param {Pipe} from what comes from there */
  #passOnReset(side, from) {
    side.on("error", () => {}); // What matters of it is the close that follows.
    side.on("close", () => {
      // After a goodbye there is nothing to forward, and data behind a fault is dropped.
      if (!side.readableEnded && from.passes) this.reset();
    });
  }

  /** @param {number} delay in milliseconds @param {() => void} act */
  #later(delay, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }

  /** Ends what is still to happen to it. */
  close() {
    this.isFaulty = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.toServer.close();
    this.toClient.close();
  }

  reset() {
    this.close();
    reset(this.client);
    reset(this.server);
  }

  heal() {
    if (this.isFaulty) {
      this.reset();
      return;
    }
    this.toClient.keepWhole();
    this.#quicken();
  }

  /** Ends slowness. */
  #quicken() {
    if (this.isFaulty) return;
    this.toServer.flow();
    this.toClient.flow();
  }

  /** @param {Fault} fault @param {() => void} hit to be called once it has had its effect */
  suffer({ kind, hold, bytes, to }, hit) {
    const end = () => {
      this.isFaulty = true;
      this.#later(hold, () => this.reset());
      hit();
    };
    if (this.isFaulty) return;
    if (kind === "cut") {
      this.reset();
      hit();
    } else if (kind === "stall") {
      this.toServer.hold();
      this.toClient.hold();
      end();
    } else if (kind === "half-open") {
      (to === "server" ? this.toServer : this.toClient).drop();
      end();
    } else if (kind === "black-hole") {
      this.toClient.drop();
      this.toServer.drop();
      this.isFaulty = true;
      this.holeSince = performance.now();
      hit();
    } else if (kind === "tear") {
      this.toClient.tearAfter(bytes, () => {
        // A moment later, so that the bytes before it are read.
        this.isFaulty = true;
        this.#later(5, () => this.reset());
        hit();
      });
    } else if (kind === "slow") {
      this.toServer.drip(bytes);
      this.toClient.drip(bytes);
      this.#later(hold, () => this.#quicken());
      hit();
    }
  }
}

/**
 * Starts a TCP proxy that injects faults into its connections.
 *
 * @param {string} target the URL of the server behind it
 */
export async function startFaultProxy(target) {
  let { hostname: host, port } = new URL(target);
  /** @type {Set<Link>} */
  const links = new Set();
  /** Faults that wait for a connection. @type {Map<Fault, () => void>} */
  const waiting = new Map();
  /** Active faults that refuse new connections. @type {Map<Fault, () => void>} */
  const refusing = new Map();
  const timers = new Set();
  /** How long WebSockets stayed in black holes, in milliseconds. @type {number[]} */
  const holes = [];

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {});
    if (refusing.size > 0) {
      client.resetAndDestroy();
      for (const hit of refusing.values()) hit();
      return;
    }
    const upstream = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    const link = new Link(client, upstream, (age) => holes.push(age));
    links.add(link);
    const forget = () => {
      if (!client.destroyed || !upstream.destroyed) return;
      link.close();
      links.delete(link);
    };
    client.on("close", forget);
    upstream.on("close", forget);
    for (const [fault, hit] of waiting) link.suffer(fault, hit);
    waiting.clear();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());

  /** @param {Fault} fault */
  function affected({ scope, chosen }) {
    const all = [...links];
    if (scope === "all") return all;
    if (scope === "sockets") return all.filter((link) => link.isWebSocket);
    return all.slice(Math.floor(chosen * all.length)).slice(0, 1);
  }

  function heal() {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    refusing.clear();
    waiting.clear();
    for (const link of links) link.heal();
  }

  return {
    holes,
    url: `${new URL(target).protocol}//127.0.0.1:${address.port}`,

    /** Sends connections that are made from now on elsewhere. @param {string} to */
    retarget(to) {
      ({ hostname: host, port } = new URL(to));
    },

    /** How many connections there are. */
    get connections() {
      return links.size;
    },

    /** How many connections carry a WebSocket. */
    get webSockets() {
      return [...links].filter((link) => link.isWebSocket).length;
    },

    /** Does it. @param {Fault} fault @param {() => void} hit called for each connection that feels it */
    inflict(fault, hit) {
      if (fault.kind === "refuse") {
        refusing.set(fault, hit);
        const timer = setTimeout(() => refusing.delete(fault), fault.hold);
        timers.add(timer);
      } else if (fault.scope === "next") {
        waiting.set(fault, hit);
      } else {
        for (const link of affected(fault)) link.suffer(fault, hit);
      }
    },

    /** From now on everything passes; connections that have lost something are reset. */
    heal,

    /** Ends it, with every connection. */
    async stop() {
      heal();
      for (const link of links) link.reset();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
