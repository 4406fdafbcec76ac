// Doubles of the platform that take next to no time, so that what is left is a client's own.

/** What a client reads of a Response. */
class StubResponse {
  readonly ok = true;
  readonly status = 200;
  readonly headers = { get: () => null };

  constructor(private readonly body: string) {}

  async text() {
    return this.body;
  }

  async json() {
    return JSON.parse(this.body);
  }
}

/** Has `fetch` answer with a text; gives the function that undoes that. */
export function stubFetch(answer: (url: string) => string): () => void {
  const real = globalThis.fetch;
  globalThis.fetch = (async (input: RequestInfo | URL) => {
    const url = input instanceof Request ? input.url : String(input);
    return new StubResponse(answer(url));
  }) as unknown as typeof fetch;
  return () => {
    globalThis.fetch = real;
  };
}

/** A socket that gets its frames from the page. */
export class StubSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  static last: StubSocket;

  readyState = StubSocket.CONNECTING;
  binaryType = "blob";
  onopen: ((event: unknown) => void) | null = null;
  onmessage: ((event: { data: string; isTrusted: boolean }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: unknown) => void) | null = null;

  constructor() {
    super();
    StubSocket.last = this;
  }

  open() {
    this.readyState = StubSocket.OPEN;
    this.onopen?.({});
  }

  close() {
    this.readyState = StubSocket.CLOSED;
  }
}

/** Puts it in the place of the platform's. */
export function stubSockets(): () => void {
  const real = globalThis.WebSocket;
  globalThis.WebSocket = StubSocket as unknown as typeof WebSocket;
  return () => {
    globalThis.WebSocket = real;
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Opens whatever sockets a client opens, one after the other, until it opens no more. */
export async function openSockets(): Promise<StubSocket> {
  for (;;) {
    const socket = StubSocket.last;
    if (socket.readyState === StubSocket.CONNECTING) socket.open();
    await settled();
    if (socket === StubSocket.last) return socket;
  }
}
