// Frames of a watch, and the watchers that receive them.

import { BrowserKVBucketHandle } from "@ironflow/browser";
import { PlainClient } from "../plain/client.js";
import type { WatchEvent } from "../plain/feed.js";
import type { Subject } from "./rounds.js";

/** What each watcher of an audience watches. */
export interface Audience {
  watchers: number;
  /** A key each, or all of them the same pattern. */
  of: "a key each" | "user.>";
}

export const filterOf = ({ of }: Audience, n: number) => (of === "user.>" ? of : `user.${n}`);

/** How many keys the frames are about. */
export const keysOf = ({ watchers, of }: Audience) => (of === "user.>" ? 100 : watchers);

/** How many watchers receive one event. */
export const recipientsOf = ({ watchers, of }: Audience) => (of === "user.>" ? watchers : 1);

/** The base64 of some 50 bytes of JSON, so that a frame has about 150 bytes. */
const VALUE = btoa(JSON.stringify({ name: "Alice", role: "admin", visits: 17 }));

let revision = 0;

/** Frames as a server sends them, each newer than all before. */
export function makeFrames(count: number, keys: number): string[] {
  return Array.from({ length: count }, () => {
    revision += 1;
    const key = `user.${(revision * 7919) % keys}`;
    const frame = { type: "kv_update", key, value: VALUE, revision, operation: "put", bucket: "b" };
    return JSON.stringify(frame);
  });
}

/** Counts the events that watchers receive. */
export class Counter {
  count = 0;
  readonly #waiting: { wanted: number; resolve: () => void }[] = [];

  readonly receive = (event: { revision: number }) => {
    if (event.revision > 0) this.count += 1;
    const next = this.#waiting[0];
    if (next && this.count >= next.wanted) {
      this.#waiting.shift();
      next.resolve();
    }
  };

  /** Settles once so many more events have been received. */
  more(events: number): Promise<void> {
    const wanted = this.count + events;
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }
}

export interface Watching {
  /** Settles once events arrive. */
  ready: Promise<unknown>;
  stop(): void;
}

type Watch = (
  server: string,
  audience: Audience,
  receive: (event: { revision: number }) => void,
) => Watching;

/** A socket, JSON, and a Map from keys to callbacks. */
const bare: Watch = (server, audience, receive) => {
  const filter = audience.watchers === 1 ? filterOf(audience, 0) : "user.>";
  const url = `${server.replace(/^http/, "ws")}/api/v1/kv/buckets/b/watch?env=default&key=${filter}`;
  const socket = new WebSocket(url, ["ironflow.v1"]);
  const callbacks = new Map<string, (typeof receive)[]>();
  for (let n = 0; n < audience.watchers; n += 1) {
    const key = filterOf(audience, n);
    callbacks.set(key, [...(callbacks.get(key) ?? []), receive]);
  }
  const forAll = callbacks.get("user.>") ?? [];
  socket.onmessage = ({ data }) => {
    const frame: WatchEvent = JSON.parse(data);
    if (frame.type !== "kv_update") return;
    const few = forAll.length > 0 ? forAll : (callbacks.get(frame.key) ?? []);
    for (const callback of few) callback(frame);
  };
  const ready = new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  return { ready, stop: () => socket.close() };
};

const plain: Watch = (serverUrl, audience, receive) => {
  const bucket = new PlainClient({ serverUrl }).bucket("b");
  const watches = Array.from({ length: audience.watchers }, (_, n) =>
    bucket.watch(receive, filterOf(audience, n)),
  );
  return {
    ready: bucket.ready(),
    stop() {
      for (const watch of watches) watch.stop();
    },
  };
};

const sdk: Watch = (serverUrl, audience, receive) => {
  const bucket = new BrowserKVBucketHandle("b", { serverUrl });
  const watchers = Array.from({ length: audience.watchers }, (_, n) =>
    bucket.watch({ onUpdate: receive }, { key: filterOf(audience, n) }),
  );
  return {
    ready: Promise.all(watchers.map((watcher) => watcher.ready)),
    stop() {
      for (const watcher of watchers) watcher.stop();
    },
  };
};

export const watches: Record<Subject, Watch> = { bare, plain, sdk };
