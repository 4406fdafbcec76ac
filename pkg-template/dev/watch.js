// The WebSocket watch of the protocol: its handshake, and version 1. Version 2 is in session.js.

import { WebSocketServer } from "ws";
import { refusalOf } from "./errors.js";
import { Turns } from "./replay.js";
import { Session } from "./session.js";

const VERSION_1 = "ironflow.v1";
const VERSION_2 = "ironflow.v2";
const GOING_AWAY = 1001;
const INTERNAL = 1011;
const BUCKET_DELETED = 4404;

/** The longest frame of a client. */
const MAX_FRAME_BYTES = 256 * 1024;

/** Every so many milliseconds a client must show that it is there. */
const PING_INTERVAL = 20_000;

/** Ends a connection whose client does not answer a ping before the next. */
function keepAlive(client) {
  let isAlive = true;
  const timer = setInterval(() => {
    if (!isAlive) return client.terminate();
    isAlive = false;
    client.ping();
  }, PING_INTERVAL);
  const answered = () => {
    isAlive = true;
  };
  client.on("pong", answered).on("message", answered);
  client.on("close", () => clearInterval(timer));
}

export class Watches {
  #versions;
  #turns = new Turns();
  #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    handleProtocols: (offered) => this.#versions.find((version) => offered.has(version)) ?? false,
  });

  constructor({ hasVersion2 }) {
    this.#versions = hasVersion2 ? [VERSION_2, VERSION_1] : [VERSION_1];
  }

  /** Answers a handshake. */
  async upgrade(store, address, request, socket, head) {
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/[\s,]+/);
    const isVersion2 = this.#versions.includes(VERSION_2) && offered.includes(VERSION_2);
    const start = isVersion2
      ? (client) => new Session(client, store, this.#turns)
      : await this.#watch(store.kv.bucket(address.bucket), address.parameters.getAll("key"));
    this.#server.handleUpgrade(request, socket, head, (client) => {
      // The client closes a connection with an error.
      client.on("error", () => {});
      keepAlive(client);
      start(client);
    });
  }

  /**
   * Starts a watch of version 1 before the handshake, which fails if the watch does. Returns what the connection
   * is then passed to. Later changes are all sent.
   */
  async #watch(bucket, key) {
    const waiting = [];
    let send = (frame) => waiting.push(frame);
    let close = () => {};
    let ended;
    const watcher = bucket.watch(
      {
        // Frames of version 1 have no time.
        onUpdate: ({ created_at: _, ...event }) => send(JSON.stringify(event)),
        onError: (error) => {
          ended = error;
        },
        onClose: () => close(ended?.status === 404 ? BUCKET_DELETED : INTERNAL),
      },
      key.length > 0 ? { key } : {},
    );
    await watcher.ready;
    return (client) => {
      send = (frame) => client.send(frame);
      close = (code) => client.close(code, ended && refusalOf(ended).message);
      for (const frame of waiting) send(frame);
      client.on("close", () => watcher.stop());
      if (ended) close(BUCKET_DELETED);
    };
  }

  stop() {
    for (const client of this.#server.clients) {
      client.close(GOING_AWAY, "the server ends");
      client.terminate();
    }
    this.#server.close();
  }
}
