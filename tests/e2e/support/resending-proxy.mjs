import { once } from "node:events";
import { Agent, createServer, request } from "node:http";

/**
 * Starts a proxy before a server that does what networks, browsers and proxies do to requests: it sends some
 * of them twice, the second time at once or after the first one's response, and loses the responses of some.
 *
 * @param {string} serverUrl
 * @param {object} faults
 * @param {import("../chaos/random.mjs").Random} faults.random
 * @param {number} faults.resend the share of requests that are sent twice
 * @param {number} faults.lose the share of responses that are lost
 */
export async function startResendingProxy(serverUrl, { random, resend, lose }) {
  const agent = new Agent({ keepAlive: true });
  const counts = { requests: 0, resent: 0, lost: 0 };

  /** @param {import("node:http").IncomingMessage} incoming @param {Buffer} body */
  const forward = ({ method, url = "", headers }, body) =>
    new Promise((resolve, reject) => {
      const forwarded = request(new URL(url, serverUrl), { method, agent, headers }, (response) => {
        response
          .toArray()
          .then((chunks) => resolve({ response, body: Buffer.concat(chunks) }), reject);
      });
      forwarded.on("error", reject);
      forwarded.end(body);
    });

  const server = createServer(async (incoming, outgoing) => {
    counts.requests += 1;
    const body = Buffer.concat(await incoming.toArray());
    const [twice, atOnce, lost] = [
      random.fraction() < resend,
      random.fraction() < 0.5,
      random.fraction() < lose,
    ];
    try {
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
