// The WebSocket watch of the protocol, version 1.

import { WebSocketServer } from "ws";
import { refusalOf } from "./errors.js";

const PROTOCOL = "ironflow.v1";
const GOING_AWAY = 1001;
const INTERNAL = 1011;
const BUCKET_DELETED = 4404;

export class Watches {
  #server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL,
  });

  /** Starts a watch before the handshake, which fails if the watch does. Later changes are all sent. */
  async upgrade(bucket, { parameters }, request, socket, head) {
    const waiting = [];
    let send = (frame) => waiting.push(frame);
    let close = () => {};
    let ended;
    const key = parameters.getAll("key");
    const watcher = bucket.watch(
      {
        onUpdate: (event) => send(JSON.stringify(event)),
        onError: (error) => {
          ended = error;
        },
        onClose: () => close(ended?.status === 404 ? BUCKET_DELETED : INTERNAL),
      },
      key.length > 0 ? { key } : {},
    );
    await watcher.ready;
    this.#server.handleUpgrade(request, socket, head, (client) => {
      send = (frame) => client.send(frame);
      close = (code) => client.close(code, ended && refusalOf(ended).message);
      for (const frame of waiting) send(frame);
      client.on("close", () => watcher.stop());
      // The client closes a connection with an error.
      client.on("error", () => {});
      if (ended) close(BUCKET_DELETED);
    });
  }

  stop() {
    for (const client of this.#server.clients) {
      client.close(GOING_AWAY, "the server ends");
      client.terminate();
    }
    this.#server.close();
  }
}
