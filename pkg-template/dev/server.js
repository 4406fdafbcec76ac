// A server for development and tests, on the package's own store in memory.

import { createClient } from "ironflow:package";
import { createServer } from "node:http";
import { join } from "node:path";
import { credentialsOf } from "./credentials.js";
import { Refusal, refusalOf } from "./errors.js";
import { fileAt } from "./files.js";
import { openJournal } from "./journal.js";
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
  #folder;

  /** `folder`: where they are kept; undefined: nowhere */
  constructor(folder) {
    this.#folder = folder;
  }

  /** A promise of a store. */
  get(environment) {
    const store = this.#stores.get(environment) ?? this.#open(environment);
    this.#stores.set(environment, store);
    return store;
  }

  async #open(environment) {
    const client = createClient({ transport: "memory", environment, logger: false });
    const store = { client, kv: client.kv(), lives: new Map() };
    if (this.#folder !== undefined) {
      const file = join(this.#folder, `${encodeURIComponent(environment)}.jsonl`);
      store.journal = await openJournal(store, file);
    }
    return store;
  }

  async stop() {
    for (const { value } of await Promise.allSettled(this.#stores.values()))
      value?.client.disconnect();
  }
}

const DEFAULT_ENVIRONMENT = "default";

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

export async function serve({
  port = 9123,
  staticDir,
  dataDir,
  buckets = [],
  apiKeys = [],
  allowOrigins = [],
  watchVersions = "1,2",
} = {}) {
  const environments = new Environments(dataDir);
  const credentials = credentialsOf(apiKeys);
  const origins = originsOf(allowOrigins);
  const writes = new Writes();
  if (!["1", "1,2"].includes(watchVersions))
    throw new Error(`the versions of the watch must be 1 or 1,2: found ${watchVersions}`);
  const watches = new Watches({ hasVersion2: watchVersions !== "1" });

  async function respond(request) {
    origins.check(request);
    if (request.method === "OPTIONS") return [204, undefined, origins.preflight];
    const address = addressOf(request.url);
    if (address.isApi) {
      credentials.check(request);
      const environment = request.headers["x-ironflow-environment"] || DEFAULT_ENVIRONMENT;
      const store = await environments.get(environment);
      return writes.run(request, environment, async () => route(store, address, request));
    }
    if (address.path === "/health" || address.path === "/ready") return [200, { status: "ok" }];
    if (staticDir === undefined || request.method !== "GET")
      throw new Refusal(404, "no such resource");
    const [file, type] = await fileAt(staticDir, address.path, dataDir);
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
    const isBytes = body === undefined || body instanceof Buffer;
    const content = isBytes ? body : Buffer.from(JSON.stringify(body));
    response.writeHead(status, {
      "Cache-Control": "no-store",
      "Ironflow-KV-Features": FEATURES,
      ...(content && { "Content-Type": "application/json", "Content-Length": content.length }),
      ...origins.headers(request),
      ...headers,
    });
    response.end(content);
    request.resume();
  });

  server.on("upgrade", async (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    try {
      origins.check(request);
      const address = addressOf(request.url);
      if (address.resource !== "watch") throw new Refusal(404, "no such resource");
      credentials.check(request);
      const environment = address.parameters.get("env") || DEFAULT_ENVIRONMENT;
      const store = await environments.get(environment);
      await watches.upgrade(store, address, request, socket, head);
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

  const store = await environments.get(DEFAULT_ENVIRONMENT);
  for (const name of buckets) if (!store.lives.has(name)) await create(store, { name });
  const url = `http://127.0.0.1:${await listen(server, port)}`;
  return {
    url,
    async stop() {
      watches.stop();
      await environments.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
