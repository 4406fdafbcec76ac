import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

/**
 * @typedef {object} Fault
 * @property {boolean} [twice] the request is sent twice: the second time after the first one's response
 * @property {boolean} [atOnce] both times at once
 * @property {boolean} [lost] the response is lost: the connection ends instead
 * @property {Promise<unknown>} [until] the request reaches the server after this, if the client has not cancelled it
 * @property {() => void} [cancelled] is called if the client cancels the request before that
 */

/**
 * Starts a proxy before a server that does what networks, browsers and proxies do to requests.
 *
 * @param {string} serverUrl
 * @param {(method: string, path: string) => Fault} faultOf what happens to a request
 */
export async function startResendingProxy(serverUrl, faultOf) {
  const agent = new Agent({ keepAlive: true });
  const counts = { requests: 0, resent: 0, lost: 0 };

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {Buffer} body
   * @returns {Promise<{ response: import("node:http").IncomingMessage, body: Buffer }>}
   */
  const forward = ({ method, url = "", headers }, body) =>
    new Promise((resolve, reject) => {
      const forwarded = request(new URL(url, serverUrl), { method, agent, headers }, (response) => {
        const whole = response.toArray();
        whole.then((chunks) => resolve({ response, body: Buffer.concat(chunks) }), reject);
      });
      forwarded.on("error", reject);
      forwarded.end(body);
    });

  const server = createServer(async (incoming, outgoing) => {
    counts.requests += 1;
    const { method = "", url = "" } = incoming;
    const { twice, atOnce, lost, until, cancelled } = faultOf(method, url);
    if (cancelled) outgoing.once("close", () => outgoing.writableEnded || cancelled());
    try {
      const body = Buffer.concat(await incoming.toArray());
      if (until) {
        await until;
        if (outgoing.destroyed) return;
      }
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
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        outgoing.end(answer);
      }
    } catch {
      outgoing.destroy();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
