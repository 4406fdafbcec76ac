// Many clients that reconnect at once after a cut, each with its own connection: what the reference server on
// JetStream, and the nats-server behind it, do for them. Prints a line of JSON for each thing.
//
//   node reconnecting.mjs      (QUICK=1: fewer clients)

import { readFileSync } from "node:fs";
import { wsconnect } from "@nats-io/nats-core";
import { WebSocket } from "ws";
import { api } from "../e2e/support/api.mjs";
import { startNats } from "../e2e/support/nats.mjs";
import { startServer } from "../e2e/support/server.mjs";
import { openNetwork } from "./network.mjs";

const CLIENTS = process.env.QUICK === "1" ? 50 : 1_000;
const KEYS = 200;
const BUCKET = "reconnecting";
/** Keys that change during the cut, of each client. */
const CHANGES = 1;

/** How often the kernel counts, a second. */
const TICKS = 100;

globalThis.WebSocket ??= /** @type {any} */ (WebSocket);

let requests = 0;
const { fetch } = globalThis;
globalThis.fetch = (...given) => {
  requests += 1;
  return fetch(...given);
};

/** Microseconds that a process has used of the processors. @param {number | undefined} pid */
function cpu(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name, which may hold anything, in parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1e6;
}

/** @param {number} client @param {number} n */
const keyOf = (client, n) => `user-${client}.${n}`;

const numbers = Array.from({ length: CLIENTS }, (_, n) => n);

/** Does something for all clients, so many at a time. @param {number} atOnce @param {(client: number) => Promise<unknown>} what */
async function forAll(atOnce, what) {
  const left = numbers.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const client of left) await what(client);
    }),
  );
}

/**
 * How clients come by their keys: all by one pattern, or by a watch for each key.
 *
 * @type {Record<string, (bucket: import("@ironflow/browser").BrowserKVBucketHandle, client: number, receive: () => void) => { ready: Promise<unknown> }[]>}
 */
const kinds = {
  pattern: (bucket, client, onUpdate) => [
    bucket.watch({ onUpdate }, { key: `user-${client}.*`, initial: true }),
  ],
  keys: (bucket, client, onUpdate) =>
    Array.from({ length: KEYS }, (_, n) =>
      bucket.watch({ onUpdate }, { key: keyOf(client, n), initial: true }),
    ),
};

const nats = await startNats({
  config: `http: "127.0.0.1:-1"
websocket { listen: "127.0.0.1:-1", no_tls: true }`,
});
const server = await startServer({ store: nats.url });
// A connection that is refused would be another attempt, and a question why.
const network = await openNetwork(server.url, { waits: true });

/** How many messages nats-server has received from its clients. */
async function received() {
  const response = await fetch(`${nats.monitoringUrl}/varz`);
  return (await response.json()).in_msgs;
}

/** @param {string} serverUrl */
const clientOf = (serverUrl) =>
  api.createClient({ serverUrl, logger: false, reconnect: { maxAttempts: -1 } });
const writer = clientOf(server.url);
await writer.kv().createBucket({ name: BUCKET });
const written = writer.kv().bucket(BUCKET);
await fill();

/** Writes all keys, past the server and without a response to each. */
async function fill() {
  const connection = await wsconnect({ servers: nats.webSocketUrl });
  for (const client of numbers) {
    for (let n = 0; n < KEYS; n += 1) {
      connection.publish(`$KV.${BUCKET}.${keyOf(client, n)}`, `${n}`);
    }
    await connection.flush();
  }
  await connection.close();
  let values = 0;
  while (values < CLIENTS * KEYS) {
    const info = await writer.kv().getBucketInfo(BUCKET);
    values = info.values;
  }
}

/** @param {string} kind @returns {Promise<Record<string, number>>} */
async function measure(kind) {
  let events = 0;
  /** @type {InstanceType<typeof api.IronflowClient>[]} */
  const clients = [];
  await forAll(16, async (client) => {
    const own = clientOf(`http://${network.host}`);
    clients.push(own);
    const bucket = own.kv().bucket(BUCKET);
    const watches = kinds[kind]?.(bucket, client, () => {
      events += 1;
    });
    await Promise.all(watches?.map(({ ready }) => ready) ?? []);
  });
  network.cut();
  while (clients.some(({ connectionState }) => connectionState === "connected")) {
    await new Promise((later) => setTimeout(later, 10));
  }
  await forAll(32, async (client) => {
    for (let n = 0; n < CHANGES; n += 1) await written.put(keyOf(client, n), "changed");
  });
  events = 0;
  const before = {
    connections: network.connections,
    messages: await received(),
    cpu: [server.pid, nats.pid].map(cpu),
    requests,
    at: performance.now(),
  };
  network.mend();
  while (events < CLIENTS * CHANGES) await new Promise((later) => setTimeout(later, 10));
  const took = performance.now() - before.at;
  const after = { requests, cpu: [server.pid, nats.pid].map(cpu) };
  const used = after.cpu.map((now, n) => (now - (before.cpu[n] ?? 0)) / CLIENTS);
  const found = {
    handshakes: network.connections - before.connections,
    requests: after.requests - before.requests,
    messages: ((await received()) - before.messages) / CLIENTS,
    events: events / CLIENTS,
    server: used[0] ?? 0,
    nats: used[1] ?? 0,
    took: took * 1000,
  };
  for (const client of clients) client.disconnect();
  return found;
}

try {
  /** @type {Record<string, Record<string, number[]>>} */
  const rows = {};
  for (const kind of Object.keys(kinds)) {
    for (const [what, value] of Object.entries(await measure(kind))) {
      rows[what] = { ...rows[what], [kind]: [value] };
    }
  }
  for (const [what, samples] of Object.entries(rows)) {
    console.log(JSON.stringify({ id: `reconnecting.${what}`, size: CLIENTS, samples }));
  }
} finally {
  writer.disconnect();
  network.close();
  await server.stop();
  await nats.stop();
}
