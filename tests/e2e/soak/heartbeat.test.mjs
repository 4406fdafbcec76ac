// Clients of version 2 whose server lives: no heartbeat may take their connections for dead. HEARTBEAT_MINUTES says for
// how long, by default 60.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { api } from "../support/api.mjs";
import { startServer } from "../support/server.mjs";

const MINUTES = Number(process.env.HEARTBEAT_MINUTES || 60);

/**
 * Groups of clients by what their bucket is written: never, less often than their heartbeat, and all the time.
 *
 * @type {{ bucket: string, clients: number, heartbeat: number, pause?: number }[]}
 */
const GROUPS = [
  { bucket: "idle", clients: 30, heartbeat: 1_000 },
  { bucket: "quiet", clients: 10, heartbeat: 1_000, pause: 2_500 },
  { bucket: "busy", clients: 10, heartbeat: 2_000, pause: 50 },
];

/** How long the answer to a ping may take, in milliseconds. */
const TIMEOUT = 5_000;

/** For how long the clients' thread is blocked now and then, and at which interval, in milliseconds. */
const BLOCKED = 500;
const BLOCK_INTERVAL = 20_000;

const counts = { sockets: 0, pings: 0, frames: 0 };

globalThis.WebSocket = /** @type {any} */ (
  class extends WebSocket {
    /** @param {string} url @param {string[]} protocols */
    constructor(url, protocols) {
      super(url, protocols);
      counts.sockets += 1;
      this.on("message", () => {
        counts.frames += 1;
      });
    }

    /** @param {string} data */
    send(data) {
      if (data === '{"type":"ping"}') counts.pings += 1;
      super.send(data);
    }
  }
);

function block() {
  const end = performance.now() + BLOCKED;
  while (performance.now() < end);
}

test(`no heartbeat raises a false alarm in ${MINUTES} minutes`, async (t) => {
  const server = await startServer();
  const clients = [];
  /** @type {string[]} */
  const alarms = [];
  const end = performance.now() + MINUTES * 60_000;
  const begun = performance.now();
  try {
    const writer = api.createClient({ serverUrl: server.url, logger: false });
    const events = new Map();
    /** @type {Promise<void>[]} */
    const ready = [];
    for (const { bucket, clients: count, heartbeat } of GROUPS) {
      await writer.kv().createBucket({ name: bucket });
      events.set(bucket, 0);
      for (let n = 0; n < count; n += 1) {
        const name = `${bucket} ${n}`;
        const note = (/** @type {string} */ words) => {
          const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
          alarms.push(`${seconds} s: ${name}: ${words}`);
          t.diagnostic(alarms.at(-1) ?? "");
        };
        const client = api.createClient({
          ...{ serverUrl: server.url, logger: false, timeout: TIMEOUT },
          reconnect: { maxAttempts: -1, heartbeat },
        });
        clients.push(client);
        const watcher = client
          .kv()
          .bucket(bucket)
          .watch({
            onUpdate: () => events.set(bucket, events.get(bucket) + 1),
            onError: (error) => note(String(error)),
            onStateChange: (state) => state === "reconnecting" && note(state),
          });
        ready.push(watcher.ready);
      }
    }
    await Promise.all(ready);
    const writing = GROUPS.map(async ({ bucket, pause }) => {
      let writes = 0;
      for (; pause !== undefined && performance.now() < end; writes += 1) {
        await writer
          .kv()
          .bucket(bucket)
          .put(`key-${writes % 100}`, writes);
        await delay(pause);
      }
      return writes;
    });
    for (let minute = 0; performance.now() < end; ) {
      await delay(Math.min(BLOCK_INTERVAL, end - performance.now()));
      block();
      const passed = Math.floor((performance.now() - begun) / 60_000);
      if (passed < minute + 5) continue;
      minute = passed;
      console.log(`${minute} minutes: ${counts.pings} pings, ${alarms.length} false alarms`);
    }
    const writes = await Promise.all(writing);
    for (const [n, { bucket, clients: count }] of GROUPS.entries()) {
      while (events.get(bucket) < (writes[n] ?? 0) * count) await delay(20);
      assert.equal(events.get(bucket), (writes[n] ?? 0) * count, bucket);
    }
    const { sockets, pings, frames } = counts;
    t.diagnostic(`${sockets} sockets, ${pings} pings, ${frames} frames, ${alarms.length} alarms`);
    assert.deepEqual(alarms, []);
    assert.equal(sockets, clients.length);
    assert.ok(pings > MINUTES * 60 * 20, `${pings} pings`);
  } finally {
    for (const client of clients) client.disconnect();
    await server.stop();
  }
});
