// A copy of a bucket of 10,000 keys: how long it takes to build, and to catch up with 50 changes after a cut.

import { createClient } from "@ironflow/browser";
import { Kvm } from "@nats-io/kv";
import { wsconnect } from "@nats-io/nats-core";
import { VALUE } from "./operations.js";
import { watchByNats } from "./peer-part.js";
import { add } from "./report.js";
import { isQuick } from "./rounds.js";

const BUCKET = "resume";
const SIZE = isQuick ? 1_000 : 10_000;
const CHANGES = 50;
const ROUNDS = isQuick ? 2 : 3;

const query = new URLSearchParams(location.search);

/** Cuts the network that so many clients have, or mends it. */
const control = (what: "cut" | "mend", name: string) =>
  fetch(`/network/${what}/${name}`, { method: "POST" });

/** What the clients send. */
const sent = { requests: 0, sockets: 0 };

/** Counts requests, and has each client connect through its own network. */
function intercept() {
  const original = globalThis.fetch;
  globalThis.fetch = (...given) => {
    if (!String(given[0]).startsWith("/")) sent.requests += 1;
    return original(...given);
  };
  globalThis.WebSocket = new Proxy(WebSocket, {
    construct(target, [url, ...more]) {
      sent.sockets += 1;
      const through = new URL(url);
      through.host = query.get(through.host) ?? through.host;
      return Reflect.construct(target, [through, ...more]);
    },
  });
}

/** A copy of the bucket. */
interface Copy {
  isConnected(): boolean;
  /** Settles once it shows these revisions. */
  shows(changed: Map<string, number>): Promise<unknown>;
  size(): number;
  close(): unknown;
}

async function viewOf(serverUrl: string): Promise<Copy> {
  const reconnect = { maxAttempts: -1, backoff: { initial: 60_000, max: 60_000 } };
  const client = createClient({ serverUrl, logger: false, reconnect });
  const view = client.kv().bucket(BUCKET).view();
  await view.ready;
  return {
    isConnected: () => view.state === "connected",
    shows: (changed) =>
      new Promise<void>((resolve) => {
        const look = () => {
          const are = [...changed].every(([key, at]) => (view.get(key)?.revision ?? 0) >= at);
          if (are) resolve();
        };
        view.subscribe(look);
        look();
      }),
    size: () => view.size,
    close() {
      view.stop();
      client.disconnect();
    },
  };
}

async function mapByNats(servers: string): Promise<Copy> {
  const connection = await wsconnect({
    servers,
    reconnectTimeWait: 10,
    reconnectJitter: 0,
    maxReconnectAttempts: -1,
  });
  const kv = await new Kvm(connection).open(BUCKET);
  let isConnected = true;
  (async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect") isConnected = false;
      if (type === "reconnect") isConnected = true;
    }
  })();
  const revisions = new Map<string, number>();
  let changed = () => {};
  await watchByNats(kv, (key, revision) => {
    revisions.set(key, revision);
    changed();
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      changed = () => {
        if (holds()) resolve();
      };
      changed();
    });
  await until(() => revisions.size === SIZE);
  return {
    isConnected: () => isConnected,
    shows: (wanted) =>
      until(() => [...wanted].every(([key, revision]) => (revisions.get(key) ?? 0) >= revision)),
    size: () => revisions.size,
    close: () => connection.close(),
  };
}

/** Subjects by their names, each with the server it connects to. */
const subjects: Record<string, () => Promise<Copy>> = {
  v1: () => viewOf(query.get("v1") ?? ""),
  sdk: () => viewOf(query.get("sdk") ?? ""),
  nats: () => mapByNats(query.get("nats") ?? ""),
};

async function fill() {
  const kv = createClient({ serverUrl: query.get("sdk") ?? "", logger: false }).kv();
  await kv.createBucket({ name: BUCKET });
  const bucket = kv.bucket(BUCKET);
  for (let n = 0; n < SIZE; n += 500) {
    const keys = Array.from({ length: 500 }, (_, i) => `user.${n + i}`);
    await Promise.all(keys.map((key) => bucket.put(key, VALUE)));
  }
  return bucket;
}

export async function measureResume() {
  intercept();
  const bucket = await fill();
  const names = Object.keys(subjects);
  const built: Record<string, number[]> = {};
  const resumed: Record<string, number[]> = {};
  const requests: Record<string, number[]> = {};
  const sockets: Record<string, number[]> = {};
  for (const name of names) {
    for (const samples of [built, resumed, requests, sockets]) samples[name] = [];
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    const shift = round % names.length;
    for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
      const began = performance.now();
      const copy = await subjects[name]?.();
      if (copy?.size() !== SIZE) throw new Error(`${name} has ${copy?.size()} entries`);
      built[name]?.push((performance.now() - began) * 1000);

      await control("cut", name);
      while (copy.isConnected()) await new Promise((later) => setTimeout(later, 5));
      const changed = new Map<string, number>();
      for (let n = 0; n < CHANGES; n += 1) {
        const key = `user.${(n * 7919) % SIZE}`;
        changed.set(key, (await bucket.put(key, VALUE)).revision);
      }
      Object.assign(sent, { requests: 0, sockets: 0 });
      const cut = performance.now();
      await control("mend", name);
      dispatchEvent(new Event("online"));
      await copy.shows(changed);
      resumed[name]?.push((performance.now() - cut) * 1000);
      requests[name]?.push(sent.requests);
      sockets[name]?.push(sent.sockets);
      copy.close();
    }
  }
  add("resume.build", built, SIZE);
  add("resume.time", resumed, SIZE);
  add("resume.requests", requests, SIZE);
  add("resume.sockets", sockets, SIZE);
}
