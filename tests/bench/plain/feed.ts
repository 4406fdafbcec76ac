// One socket for all watches of a bucket.

export interface WatchEvent {
  type: "kv_update";
  key: string;
  value: string;
  revision: number;
  operation: "put" | "delete";
  bucket: string;
}

type Listener = (event: WatchEvent) => void;

export interface Watch {
  stop(): void;
}

/** Whether a pattern, split into tokens, matches a key. */
function matches(tokens: string[], key: string): boolean {
  const parts = key.split(".");
  for (const [at, token] of tokens.entries()) {
    if (at >= parts.length) return false;
    if (token === ">") return true;
    if (token !== "*" && token !== parts[at]) return false;
  }
  return tokens.length === parts.length;
}

const LONGEST_WAIT = 30_000;

export class Feed {
  /** By exact key; most watches are of one. */
  readonly #exact = new Map<string, Set<Listener>>();
  /** By pattern. */
  readonly #patterns = new Map<string, { tokens: string[]; listeners: Set<Listener> }>();
  #filter: string | undefined;
  #socket: WebSocket | undefined;
  #attempts = 0;
  #whenOpen: (() => void)[] = [];
  isOver = false;

  constructor(private readonly url: URL) {}

  add(pattern: string, listener: Listener): Watch {
    const listeners = this.#listeners(pattern);
    // Of its own: a function may be given twice.
    const own: Listener = (event) => listener(event);
    listeners.add(own);
    // One watch is filtered by the server, several here.
    if (this.#filter === undefined) this.#open(pattern);
    else if (this.#filter !== pattern && this.#filter !== ">") this.#open(">");
    return {
      stop: () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        this.#exact.delete(pattern);
        this.#patterns.delete(pattern);
        if (this.#exact.size + this.#patterns.size > 0) return;
        this.isOver = true;
        this.#socket?.close();
      },
    };
  }

  opened(): Promise<void> {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.#whenOpen.push(resolve));
  }

  #listeners(pattern: string): Set<Listener> {
    const tokens = pattern.split(".");
    if (!tokens.some((token) => token === "*" || token === ">")) {
      const known = this.#exact.get(pattern) ?? new Set();
      this.#exact.set(pattern, known);
      return known;
    }
    const known = this.#patterns.get(pattern) ?? { tokens, listeners: new Set() };
    this.#patterns.set(pattern, known);
    return known.listeners;
  }

  #open(filter: string) {
    this.#filter = filter;
    const url = new URL(this.url);
    if (filter !== ">") url.searchParams.set("key", filter);
    const before = this.#socket;
    const socket = new WebSocket(url, ["ironflow.v1"]);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempts = 0;
      before?.close();
      if (socket !== this.#socket) return;
      for (const resolve of this.#whenOpen.splice(0)) resolve();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      if (this.isOver || socket !== this.#socket) return;
      if (code === 1000 || code >= 4000) this.isOver = true;
      else setTimeout(() => this.#reopen(), this.#wait());
    };
  }

  #reopen() {
    if (!this.isOver && this.#filter !== undefined) this.#open(this.#filter);
  }

  #wait() {
    this.#attempts += 1;
    return Math.random() * Math.min(1000 * 2 ** (this.#attempts - 1), LONGEST_WAIT);
  }

  #receive(data: string) {
    let frame: WatchEvent | { type: "error"; message: string };
    try {
      frame = JSON.parse(data);
    } catch {
      console.error("a watch frame is not JSON");
      return;
    }
    if (frame.type === "error") console.error(frame.message);
    if (frame.type !== "kv_update") return;
    for (const listener of this.#exact.get(frame.key) ?? []) this.#notify(listener, frame);
    for (const { tokens, listeners } of this.#patterns.values()) {
      if (!matches(tokens, frame.key)) continue;
      for (const listener of listeners) this.#notify(listener, frame);
    }
  }

  #notify(listener: Listener, event: WatchEvent) {
    try {
      listener(event);
    } catch (error) {
      console.error(error);
    }
  }
}
