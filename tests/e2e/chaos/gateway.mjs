import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { WebSocketServer } from "ws";
import { Conversation, refuseFrame } from "./conversation.mjs";
import { Rules } from "./rules.mjs";

/**
 * What a gateway does to requests and watches:
 *
 * - `hang-handshake`: for a while, handshakes get no answer, ever
 * - `rate-limit`: for a while, every request and handshake gets 429 or 503
 * - `expire-token`: the token that clients use is not accepted any more
 * - `refuse-pattern`: a pattern that is watched is refused, and for a while again whenever it is asked for
 *
 * @typedef {"hang-handshake" | "rate-limit" | "expire-token" | "refuse-pattern"} GatewayFaultKind
 *
 * @typedef {object} GatewayFault
 * @property {GatewayFaultKind} kind
 * @property {number} chosen at least 0, less than 1: says which pattern it is
 * @property {number} hold how long it lasts, in milliseconds
 * @property {429 | 503} status
 * @property {number | undefined} retryAfter in seconds
 * @property {boolean} closes whether an expired token closes connections (4401)
 *
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 * @typedef {import("./rules.mjs").Refusal} Refusal
 * @typedef {Awaited<ReturnType<typeof startGateway>>} Gateway
 */

/** The close code for "try again later", and the ones of a token and a pattern that are not accepted. */
const TRY_AGAIN_LATER = 1013;
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;

/** @param {Request} incoming the path of its URL, decoded */
const pathOf = (incoming) => new URL(incoming.url ?? "/", "http://gateway").pathname;

/** The patterns in the query of a listing or of a watch of version 1. @param {Request} incoming */
function patternsOf(incoming) {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://gateway");
  if (pathname.endsWith("/watch")) return searchParams.getAll("key");
  return pathname.endsWith("/keys") || pathname.endsWith("/entries")
    ? searchParams.getAll("filter")
    : [];
}

/** What a page of another origin may read. @param {Request} incoming @returns {Record<string, string>} */
const shared = ({ headers: { origin } }) =>
  origin
    ? { "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After" }
    : {};

/**
 * Starts a gateway between clients and a server that limits, refuses and expires.
 *
 * `GET /token` gives the token that is accepted at the moment; a request without credentials is accepted too.
 *
 * @param {string} target the URL of the server behind it
 */
export async function startGateway(target) {
  let upstream = new URL(target);
  const rules = new Rules();
  const agent = new Agent({ keepAlive: true });
  /** @type {Set<Conversation>} */
  const conversations = new Set();
  /** Handshakes that get no answer. @type {Set<import("node:stream").Duplex>} */
  const hung = new Set();
  const accepting = new WebSocketServer({
    noServer: true,
    handleProtocols: (_, { headers }) => String(headers["x-selected"] ?? "") || false,
  });

  /** @param {Request} incoming @param {Response} outgoing */
  function forward(incoming, outgoing) {
    const { method, headers, url } = incoming;
    const { hostname, port, host } = upstream;
    const options = { agent, hostname, port, method, path: url, headers: { ...headers, host } };
    const asked = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", () => outgoing.destroy());
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    outgoing.on("close", () => asked.destroy());
    incoming.pipe(asked);
  }

  const server = createServer((incoming, outgoing) => {
    if (pathOf(incoming) === "/token" && incoming.method === "GET") {
      outgoing.writeHead(200, { ...shared(incoming), "Cache-Control": "no-store" });
      outgoing.end(rules.token);
      return;
    }
    const refusal =
      incoming.method === "OPTIONS"
        ? undefined
        : rules.refusal(patternsOf(incoming), incoming.headers.authorization?.slice(7));
    if (!refusal) return forward(incoming, outgoing);
    incoming.resume();
    const { status, retryAfter } = refusal;
    const after = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
    outgoing.writeHead(status, { ...shared(incoming), ...after });
    outgoing.end(`{"error":"refused by the gateway"}`);
  });

  server.on("upgrade", (incoming, socket, head) => {
    socket.on("error", () => {});
    if (rules.hangs()) {
      hung.add(socket);
      socket.on("close", () => hung.delete(socket));
      socket.on("end", () => socket.destroy());
      socket.resume();
      return;
    }
    const offered = String(incoming.headers["sec-websocket-protocol"] ?? "").split(/ *, */);
    const token = offered.map((name) => /^ironflow\.auth\.bearer\.(.+)$/.exec(name)?.[1]).join("");
    const credential = token ? Buffer.from(token, "base64url").toString() : undefined;
    /** @param {Refusal} refusal */
    const refuse = ({ status }) =>
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`);
    const refusal = rules.refusal([], credential);
    if (refusal) return refuse(refusal);
    const path = `${upstream.origin.replace(/^http/, "ws")}${incoming.url}`;
    const conversation = new Conversation(path, offered, rules, (protocol, ready) => {
      // Version 2 ignores the pattern in the address.
      conversation.patterns = protocol === "ironflow.v2" ? [] : patternsOf(incoming);
      const refused = rules.refusal(conversation.patterns);
      // A browser shows no status of a handshake, so a pattern that is never allowed is refused by a close code.
      if (refused?.status === 403) conversation.closeWith(FORBIDDEN);
      else if (refused) {
        refuse(refused);
        return conversation.terminate();
      }
      if (protocol) incoming.headers["x-selected"] = protocol;
      accepting.handleUpgrade(incoming, socket, head, ready);
    });
    conversations.add(conversation);
    conversation.onEnd = () => {
      conversations.delete(conversation);
      if (!conversation.isOpen && !socket.writableEnded) socket.destroy();
    };
    socket.on("close", () => conversation.terminate());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());

  /** Refuses one of the patterns that are watched. @param {GatewayFault} fault @param {() => void} hit */
  function refusePattern({ chosen, hold, status, retryAfter }, hit) {
    const patterns = [...new Set([...conversations].flatMap((each) => each.watched))].sort();
    const pattern = patterns[Math.floor(chosen * patterns.length)];
    if (pattern === undefined) return;
    /** @type {Refusal} */
    const refusal = { status, retryAfter };
    rules.refuse(pattern, refusal, hold, hit);
    for (const conversation of [...conversations]) {
      const ids = conversation.subscriptionsTo(pattern);
      for (const id of ids) conversation.refuse(refuseFrame(id, refusal));
      if (conversation.patterns.includes(pattern)) conversation.closeWith(TRY_AGAIN_LATER);
      else if (ids.length === 0) continue;
      hit();
    }
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    rules,

    /** Goes to another server from now on. @param {string} to */
    retarget(to) {
      upstream = new URL(to);
    },

    /** Does it. @param {GatewayFault} fault @param {() => void} hit called for each request or watch that feels it */
    inflict(fault, hit) {
      const { kind, hold, status, retryAfter, closes } = fault;
      if (kind === "hang-handshake") rules.hang(hold, hit);
      else if (kind === "rate-limit") rules.limit({ status, retryAfter }, hold, hit);
      else if (kind === "refuse-pattern") refusePattern(fault, hit);
      else if (rules.expire(hit) && closes) {
        for (const each of [...conversations]) {
          if (each.isAuthenticated) each.closeWith(UNAUTHORIZED);
        }
      }
    },

    /** From now on everything passes. */
    heal() {
      rules.heal();
      for (const socket of hung) socket.destroy();
    },

    async stop() {
      this.heal();
      for (const each of [...conversations]) each.terminate();
      accepting.close();
      agent.destroy();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
