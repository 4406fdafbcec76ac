// A client of the same wire in plain TypeScript, as a team would write it for its own application:
// typed errors, a time limit, credentials, one socket for all watches of a bucket, which is opened
// again when it is lost. It has no store in memory, no retries, no views, takes what the server sends as
// it is, and does not resync after the socket was lost.

import { Feed, type Watch, type WatchEvent } from "./feed.js";

export interface Options {
  serverUrl: string;
  environment?: string;
  timeout?: number;
  apiKey?: string;
}

export interface RequestOptions {
  signal?: AbortSignal;
}

export interface Entry {
  key: string;
  value: string;
  revision: number;
  created_at: string;
  operation: string;
}

export class PlainError extends Error {
  override name = "PlainError";

  constructor(
    message: string,
    readonly code: string,
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export class PlainClient {
  readonly #options: Required<Omit<Options, "apiKey">>;
  readonly #headers: Record<string, string>;

  constructor({ serverUrl, environment = "default", timeout = 30_000, apiKey }: Options) {
    this.#options = { serverUrl: serverUrl.replace(/\/+$/, ""), environment, timeout };
    this.#headers = { "X-Ironflow-Environment": environment };
    if (apiKey) this.#headers.Authorization = `Bearer ${apiKey}`;
  }

  bucket(name: string): PlainBucket {
    const { serverUrl, environment } = this.#options;
    const path = `/api/v1/kv/buckets/${encodeURIComponent(name)}`;
    const socketUrl = new URL(serverUrl.replace(/^http/, "ws") + path);
    socketUrl.pathname += "/watch";
    socketUrl.searchParams.set("env", environment);
    return new PlainBucket(this, path, socketUrl);
  }

  async request<T>(
    method: string,
    path: string,
    extra?: { headers?: Record<string, string>; body?: BodyInit },
    options?: RequestOptions,
  ): Promise<T> {
    const { serverUrl, timeout } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort(options?.signal?.reason);
    options?.signal?.addEventListener("abort", abort);
    const timer = setTimeout(() => {
      controller.abort(new PlainError(`no answer within ${timeout} ms`, "TIMEOUT"));
    }, timeout);
    try {
      const response = await fetch(serverUrl + path, {
        method,
        headers: extra?.headers ? { ...this.#headers, ...extra.headers } : this.#headers,
        body: extra?.body,
        cache: "no-store",
        signal: controller.signal,
      });
      if (!response.ok) throw await refusal(response);
      return response.status === 204 ? (undefined as T) : await response.json();
    } catch (cause) {
      if (cause instanceof PlainError || options?.signal?.aborted) throw cause;
      throw new PlainError(`${serverUrl} cannot be reached`, "REQUEST_FAILED", undefined, {
        cause,
      });
    } finally {
      clearTimeout(timer);
      options?.signal?.removeEventListener("abort", abort);
    }
  }
}

async function refusal(response: Response): Promise<PlainError> {
  const text = await response.text();
  let words = text;
  try {
    words = JSON.parse(text).error ?? text;
  } catch {
    // Not every proxy answers in JSON.
  }
  const { status } = response;
  return new PlainError(`${words} (HTTP ${status})`, `HTTP_${status}`, status);
}

export class PlainBucket {
  #feed: Feed | undefined;

  constructor(
    private readonly client: PlainClient,
    private readonly path: string,
    private readonly socketUrl: URL,
  ) {}

  get(key: string, options?: RequestOptions): Promise<Entry> {
    return this.client.request("GET", this.#keyPath(key), undefined, options);
  }

  async find(key: string, options?: RequestOptions): Promise<Entry | undefined> {
    try {
      return await this.get(key, options);
    } catch (error) {
      if (error instanceof PlainError && error.status === 404) return undefined;
      throw error;
    }
  }

  put(key: string, value: unknown, options?: RequestOptions) {
    return this.#write(key, value, undefined, options);
  }

  create(key: string, value: unknown, options?: RequestOptions) {
    return this.#write(key, value, { "If-None-Match": "*" }, options);
  }

  update(key: string, value: unknown, revision: number, options?: RequestOptions) {
    return this.#write(key, value, { "If-Match": String(revision) }, options);
  }

  async delete(key: string, options?: RequestOptions): Promise<void> {
    await this.client.request("DELETE", this.#keyPath(key), undefined, options);
  }

  async listKeys(filter?: string, options?: RequestOptions): Promise<string[]> {
    const query = filter === undefined ? "" : `?filter=${encodeURIComponent(filter)}`;
    const path = `${this.path}/keys${query}`;
    const { keys } = await this.client.request<{ keys: string[] }>("GET", path, undefined, options);
    return keys;
  }

  watch(onUpdate: (event: WatchEvent) => void, key = ">"): Watch {
    if (!this.#feed || this.#feed.isOver) this.#feed = new Feed(this.socketUrl);
    return this.#feed.add(key, onUpdate);
  }

  /** Settles once the socket of the watches is open. */
  async ready(): Promise<void> {
    await this.#feed?.opened();
  }

  #keyPath(key: string) {
    return `${this.path}/keys/${encodeURIComponent(key)}`;
  }

  #write(
    key: string,
    value: unknown,
    condition: Record<string, string> | undefined,
    options?: RequestOptions,
  ) {
    const isRaw = typeof value === "string" || value instanceof Uint8Array;
    const type = isRaw ? "application/octet-stream" : "application/json";
    const extra = {
      headers: { "Content-Type": type, ...condition },
      body: isRaw ? (value as BodyInit) : JSON.stringify(value),
    };
    const path = this.#keyPath(key);
    return this.client.request<{ revision: number }>("PUT", path, extra, options);
  }
}
