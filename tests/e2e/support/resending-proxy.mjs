import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { connect } from "node:net";

/**
 * @typedef {object} Fault
 * @property {boolean} [twice] the request is sent twice: the second time after the first one's response
 * @property {boolean} [atOnce] both times at once
 * @property {boolean} [lost] the response is lost: the connection ends instead
 * @property {boolean} [unreached] the connection ends before the request reaches the server
 * @property {number} [status] the proxy answers with this status, without the server
 * @property {Promise<unknown>} [until] the request reaches the server after this, if the client has not cancelled it
 * @property {() => void} [cancelled] is called if the client cancels the request before that
 */

/**
 * Starts a proxy before a server that does what networks, browsers and proxies do to requests.
 *
 * @param {string} serverUrl
 * @param {(method: string, path: string) => Fault} faultOf what happens to a request; the method of a WebSocket is
 *   UPGRADE, and only `unreached` is for it
 */
export async function startResendingProxy(serverUrl, faultOf) {
  const agent = new Agent({ keepAlive: true });
  const counts = { requests: 0, resent: 0, lost: 0 };
  /** The requests that the server has not answered yet. @type {Set<Promise<unknown>>} */
  const forwarded = new Set();
  /** The connections of WebSockets. @type {Set<import("node:stream").Duplex>} */
  const sockets = new Set();
  /** The features that responses do not announce. @type {{ hidden: RegExp | undefined }} */
  const features = { hidden: undefined };

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {Buffer} body
   * @returns {Promise<{ response: import("node:http").IncomingMessage, body: Buffer }>}
   */
  const send = ({ method, url = "", headers }, body) =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(url, serverUrl), { method, agent, headers }, (response) => {
        const whole = response.toArray();
        whole.then((chunks) => resolve({ response, body: Buffer.concat(chunks) }), reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });

  /** @type {typeof send} */
  const forward = (incoming, body) => {
    const answered = send(incoming, body);
    /** @type {Promise<unknown>} */
    const ended = answered.catch(() => {}).then(() => forwarded.delete(ended));
    forwarded.add(ended);
    return answered;
  };

  /** @param {import("node:http").IncomingHttpHeaders} headers @returns {import("node:http").OutgoingHttpHeaders} */
  const announced = ({ "ironflow-kv-features": names, ...headers }) => {
    if (typeof names !== "string") return headers;
    const left = names.split(", ").filter((name) => !features.hidden?.test(name));
    return { ...headers, "ironflow-kv-features": left.join(", ") };
  };

  const server = createServer(async (incoming, outgoing) => {
    counts.requests += 1;
    const { method = "", url = "" } = incoming;
    const { twice, atOnce, lost, unreached, status, until, cancelled } = faultOf(method, url);
    if (unreached) return outgoing.destroy();
    if (cancelled) outgoing.once("close", () => outgoing.writableEnded || cancelled());
    try {
      const body = Buffer.concat(await incoming.toArray());
      if (until) {
        await until;
        if (outgoing.destroyed) return;
      }
      if (status) return outgoing.writeHead(status).end();
      const first = forward(incoming, body);
      if (twice) {
        counts.resent += 1;
        if (!atOnce) await first;
        await Promise.all([first, forward(incoming, body)]);
      }
      const { response, body: answer } = await first;
      if (lost) {
        counts.lost += 1;
        outgoing.destroy();
      } else {
        outgoing.writeHead(response.statusCode ?? 502, announced(response.headers));
        outgoing.end(answer);
      }
    } catch {
      outgoing.destroy();
    }
  });
  server.on("upgrade", ({ method, url = "", rawHeaders }, socket, head) => {
    if (faultOf("UPGRADE", url).unreached) return socket.destroy();
    const { hostname, port } = new URL(serverUrl);
    const upstream = connect(Number(port), hostname);
    upstream.write(`${method} ${url} HTTP/1.1\r\n`);
    for (let at = 0; at < rawHeaders.length; at += 2)
      upstream.write(`${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`);
    upstream.write("\r\n");
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    sockets.add(socket);
    upstream.on("error", () => {}).on("close", () => socket.destroy());
    socket
      .on("error", () => {})
      .on("close", () => {
        sockets.delete(socket);
        upstream.destroy();
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    features,
    /** Until the server has answered all that has reached it. */
    settled: () => Promise.all(forwarded),
    /** Ends all WebSockets. */
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
