import { once } from "node:events";
import { createServer } from "node:http";

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 * @typedef {(request: Request, response: Response) => void} Behaviour
 */

const info = {
  name: "b",
  values: 1,
  bytes: 30,
  history: 1,
  created_at: "2026-02-22T10:00:00Z",
};
const entry = {
  key: "key",
  value: "MQ==",
  revision: 1,
  created_at: "2026-02-22T10:00:00Z",
  operation: "put",
};

/** Answers every request as the protocol says. @type {Behaviour} */
export function behaveWell(request, response) {
  const { method, url = "" } = request;
  request.resume();
  if (method === "DELETE") answer(204)(request, response);
  else if (method === "PUT") answer(200, { revision: 1 })(request, response);
  else if (method === "POST") answer(201, info)(request, response);
  else if (url.endsWith("/buckets")) answer(200, { buckets: [info], count: 1 })(request, response);
  else if (url.endsWith("/keys")) answer(200, { keys: ["key"], count: 1 })(request, response);
  else if (url.endsWith("/keys/key")) answer(200, entry)(request, response);
  else answer(200, info)(request, response);
}

/**
 * Answers with a status and a body: text as it is, anything else as JSON.
 *
 * @param {number} status
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Behaviour}
 */
export function answer(status, body, headers = {}) {
  const isText = typeof body === "string" || body === undefined;
  const type = isText ? "text/plain" : "application/json";
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "Content-Type": type, ...headers });
    response.end(isText ? body : JSON.stringify(body));
  };
}

/** A server on its own port whose behaviour a test sets. */
export async function misbehavingServer() {
  /** What was asked, with which headers. @type {Pick<Request, "method" | "url" | "headers">[]} */
  const requests = [];
  let current = behaveWell;
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers });
    current(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    /** @param {Behaviour} behaviour */
    behave(behaviour) {
      current = behaviour;
    },
    /** Ends it, with every connection that is left. */
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The URL of a server that does not listen. */
export async function deadAddress() {
  const server = await misbehavingServer();
  await server.stop();
  return server.url;
}
