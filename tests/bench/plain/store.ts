// A Map with the rules of a bucket: revisions, compare-and-swap, tombstones, limits, a time to live,
// patterns and watchers. What an application's tests would use in place of a server.

import type { Entry } from "./client.js";
import type { WatchEvent } from "./feed.js";

const KEY = /^(?:[^\s.*>\p{Cc}]+\.)*[^\s.*>\p{Cc}]+$/u;
const LONGEST_KEY = 1024;
const LARGEST_VALUE = 1 << 20;

declare global {
  interface Uint8Array {
    /** Not every platform has it yet. */
    toBase64?(): string;
  }
}

interface Stored {
  key: string;
  /** Base64; undefined: a tombstone. */
  value: string | undefined;
  revision: number;
  time: number;
}

export class StoreError extends Error {
  override name = "StoreError";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

function check(key: string) {
  if (key.length > LONGEST_KEY || !KEY.test(key)) throw new StoreError("invalid key", 400);
}

const encoder = new TextEncoder();

function base64(value: unknown): string {
  const isBytes = value instanceof Uint8Array;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const bytes = isBytes ? value : encoder.encode(text);
  if (bytes.length > LARGEST_VALUE) throw new StoreError("the value is too large", 413);
  if (bytes.toBase64) return bytes.toBase64();
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The regular expression of a pattern. */
function expression(pattern: string): RegExp {
  const source = pattern.split(".").map((token) => {
    if (token === "*") return "[^.]+";
    if (token === ">") return ".+";
    return token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${source.join("\\.")}$`);
}

export class PlainStore {
  #revision = 0;
  readonly #last = new Map<string, Stored>();
  readonly #watchers = new Set<{ matches: RegExp; notify: (event: WatchEvent) => void }>();

  constructor(
    private readonly name: string,
    private readonly lifetime = Number.POSITIVE_INFINITY,
  ) {}

  async get(key: string): Promise<Entry> {
    const { value, revision, time } = this.#live(key) ?? {};
    if (value === undefined || revision === undefined || time === undefined) {
      throw new StoreError("key not found", 404);
    }
    const created_at = new Date(time).toISOString();
    return { key, value, revision, created_at, operation: "put" };
  }

  async put(key: string, value: unknown): Promise<{ revision: number }> {
    check(key);
    return { revision: this.#append(key, base64(value)) };
  }

  async create(key: string, value: unknown): Promise<{ revision: number }> {
    if (this.#live(key)?.value !== undefined) throw new StoreError("key already exists", 412);
    return { revision: this.#append(key, base64(value)) };
  }

  async update(key: string, value: unknown, revision: number): Promise<{ revision: number }> {
    if ((this.#live(key)?.revision ?? 0) !== revision) {
      throw new StoreError("revision mismatch", 412);
    }
    return { revision: this.#append(key, base64(value)) };
  }

  async delete(key: string): Promise<void> {
    if (this.#live(key)?.value === undefined) throw new StoreError("key not found", 404);
    this.#append(key, undefined);
  }

  /** In ascending order of last revision: a write moves its key to the end of the Map. */
  async listKeys(filter = ">"): Promise<string[]> {
    const matches = expression(filter);
    const keys: string[] = [];
    const oldest = Date.now() - this.lifetime;
    for (const { key, value, time } of this.#last.values()) {
      if (value !== undefined && time >= oldest && matches.test(key)) keys.push(key);
    }
    return keys;
  }

  watch(notify: (event: WatchEvent) => void, filter = ">"): { stop(): void } {
    const watcher = { matches: expression(filter), notify };
    this.#watchers.add(watcher);
    return { stop: () => this.#watchers.delete(watcher) };
  }

  #live(key: string): Stored | undefined {
    check(key);
    const last = this.#last.get(key);
    return last && Date.now() - last.time <= this.lifetime ? last : undefined;
  }

  #append(key: string, value: string | undefined): number {
    this.#revision += 1;
    const revision = this.#revision;
    this.#last.delete(key);
    this.#last.set(key, { key, value, revision, time: Date.now() });
    const operation = value === undefined ? "delete" : "put";
    for (const { matches, notify } of this.#watchers) {
      if (!matches.test(key)) continue;
      const event = { type: "kv_update", key, value: value ?? "", revision, operation } as const;
      queueMicrotask(() => notify({ ...event, bucket: this.name }));
    }
    return revision;
  }
}
