// A server for development and tests, on the package's own store in memory: the protocol without credentials.

import { createClient } from "ironflow:package";
import { createServer } from "node:http";
import { Refusal, refusalOf } from "./errors.js";
import { fileAt } from "./files.js";
import { originsOf } from "./origins.js";
import { addressOf, create, route } from "./routes.js";
import { Watches } from "./watch.js";

const FEATURES = "write-id, remove, entries, history, key-ttl, expiry-events";

/** How many responses to writes with an id are remembered. */
const MAX_REMEMBERED = 100_000;

/** Executes a write once, however often it arrives. */
class Writes {
  #responses = new Map();

  run(request, environment, write) {
    const { method, url, headers } = request;
    const id = headers["ironflow-write-id"];
    if (id === undefined || method === "GET") return write();
    if (!/^[\w-]{22}$/.test(id)) throw new Refusal(400, "invalid Ironflow-Write-Id");
    const conditions = ["if-match", "if-none-match", "ironflow-ttl"].map((each) => headers[each]);
    const name = JSON.stringify([environment, id, method, url, conditions]);
    const known = this.#responses.get(name);
    if (known) return known;
    const response = write();
    this.#responses.set(name, response);
    if (this.#responses.size > MAX_REMEMBERED)
      this.#responses.delete(this.#responses.keys().next().value);
    return response;
  }
}

/** The stores in memory, one for each environment. */
class Environments {
  #stores = new Map();

  get(environment) {
    let store = this.#stores.get(environment);
    if (!store) {
      const client = createClient({ transport: "memory", environment, logger: false });
      store = { client, kv: client.kv(), lives: new Map() };
      this.#stores.set(environment, store);
    }
    return store;
  }

  stop() {
    for (const { client } of this.#stores.values()) client.disconnect();
  }
}

const DEFAULT_ENVIRONMENT = "default";

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

export async function serve({ port = 9123, staticDir, buckets = [], allowOrigins = [] } = {}) {
  const environments = new Environments();
  const origins = originsOf(allowOrigins);
  const writes = new Writes();
  const watches = new Watches();

  async function respond(request) {
    origins.check(request);
    if (request.method === "OPTIONS") return [204, undefined, origins.preflight];
    const address = addressOf(request.url);
    if (address.isApi) {
      const environment = request.headers["x-ironflow-environment"] || DEFAULT_ENVIRONMENT;
      const store = environments.get(environment);
      return writes.run(request, environment, async () => route(store, address, request));
    }
    if (address.path === "/health" || address.path === "/ready") return [200, { status: "ok" }];
    if (staticDir === undefined || request.method !== "GET")
      throw new Refusal(404, "no such resource");
    const [file, type] = await fileAt(staticDir, address.path);
    return [200, file, { "Content-Type": type }];
  }

  const server = createServer(async (request, response) => {
    let result;
    try {
      result = await respond(request);
    } catch (error) {
      const refusal = refusalOf(error);
      result = [refusal.status, refusal.body];
    }
    const [status, body, headers] = result;
    response.writeHead(status, {
      "Cache-Control": "no-store",
      "Ironflow-KV-Features": FEATURES,
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...origins.headers(request),
      ...headers,
    });
    response.end(body === undefined || body instanceof Buffer ? body : JSON.stringify(body));
    request.resume();
  });

  server.on("upgrade", async (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    try {
      origins.check(request);
      const address = addressOf(request.url);
      if (address.resource !== "watch") throw new Refusal(404, "no such resource");
      const environment = address.parameters.get("env") || DEFAULT_ENVIRONMENT;
      const bucket = environments.get(environment).kv.bucket(address.bucket);
      await watches.upgrade(bucket, address, request, socket, head);
    } catch (error) {
      const { status, body } = refusalOf(error);
      const text = JSON.stringify(body);
      const lines = [
        `HTTP/1.1 ${status} Refused`,
        "Content-Type: application/json",
        `Content-Length: ${Buffer.byteLength(text)}`,
        "Connection: close",
      ];
      socket.end([...lines, "", text].join("\r\n"));
    }
  });

  const store = environments.get(DEFAULT_ENVIRONMENT);
  for (const name of buckets) await create(store, { name });
  const url = `http://127.0.0.1:${await listen(server, port)}`;
  return {
    url,
    async stop() {
      watches.stop();
      environments.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
