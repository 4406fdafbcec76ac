// Stands for the platform's WebSocket, so that a test decides what happens on the wire.

/** Every one that was opened since `install()`. @type {FakeWebSocket[]} */
export const sockets = [];

export class FakeWebSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  readyState = FakeWebSocket.CONNECTING;
  binaryType = "blob";
  protocol = "";
  /** The frames that the client has sent. @type {any[]} */
  sent = [];

  /** @param {string | URL} url @param {string | string[]} [protocols] */
  constructor(url, protocols = []) {
    super();
    this.url = String(url);
    this.protocols = [protocols].flat();
    sockets.push(this);
  }

  /** @param {string} data */
  send(data) {
    this.sent.push(JSON.parse(data));
  }

  close() {
    if (this.readyState < FakeWebSocket.CLOSING) this.readyState = FakeWebSocket.CLOSING;
  }

  /** The server takes the handshake, and selects this subprotocol. */
  accept(protocol = "") {
    this.protocol = protocol;
    this.readyState = FakeWebSocket.OPEN;
    this.#emit("open");
  }

  /** A frame arrives: text as it is, a binary one, or an object as its JSON. @param {unknown} data */
  frame(data) {
    const isRaw = typeof data === "string" || data instanceof ArrayBuffer;
    this.#emit("message", { data: isRaw ? data : JSON.stringify(data) });
  }

  /** The connection ends, or the handshake is refused. @param {number} code */
  end(code) {
    this.readyState = FakeWebSocket.CLOSED;
    if (code === 1006) this.#emit("error");
    this.#emit("close", { code, reason: "", wasClean: code !== 1006 });
  }

  /** Fails the handshake as Node 20 does: an error event without a close event. */
  fail() {
    this.#emit("error");
  }

  /** @param {string} type @param {object} [fields] */
  #emit(type, fields) {
    const event = Object.assign(new Event(type), fields);
    this.dispatchEvent(event);
    /** @type {any} */ (this)[`on${type}`]?.(event);
  }
}

/** Puts it in the place of the platform's, and gives the function that undoes that. */
export function install() {
  const real = globalThis.WebSocket;
  sockets.length = 0;
  globalThis.WebSocket = /** @type {any} */ (FakeWebSocket);
  return () => {
    globalThis.WebSocket = real;
  };
}
