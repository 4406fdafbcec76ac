import assert from "node:assert/strict";
import { api } from "./api.mjs";
import { sockets } from "./fake-websocket.mjs";

export const SERVER = "http://kv.example.com:9123";

/**
 * A watch, and all that it calls back. How a lost one is taken up again is another matter.
 *
 * @param {object} [options]
 * @param {object} [watchOptions]
 */
export function watch(options, watchOptions) {
  /** @type {any[]} */
  const calls = [];
  const client = api.createClient({
    serverUrl: SERVER,
    reconnect: false,
    logger: false,
    ...options,
  });
  let close = () => {};
  const closed = new Promise((resolve) => {
    close = () => resolve(undefined);
  });
  const watcher = client
    .kv()
    .bucket("b")
    .watch(
      {
        onReady: () => calls.push("ready"),
        onUpdate: ({ key, value, operation, revision }) =>
          calls.push({ key, value, operation, revision }),
        onError: (error) => calls.push(error),
        onClose() {
          calls.push("closed");
          close();
        },
      },
      watchOptions,
    );
  return { client, watcher, calls, closed };
}

/** A watch that is connected. @param {Parameters<typeof watch>} args */
export function connected(...args) {
  const made = watch(...args);
  const [socket] = sockets;
  assert.ok(socket, "the socket is opened at once");
  socket.accept();
  return { ...made, socket };
}

/** Everything that could still happen has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** @param {any} error @param {object} expected */
export function isError(error, expected) {
  assert.ok(error instanceof api.IronflowError, String(error));
  for (const [field, value] of Object.entries(expected)) {
    /** @type {any} */
    const found = Reflect.get(error, field);
    if (value instanceof RegExp) assert.match(found, value);
    else assert.equal(found, value, `${field} of ${error}`);
  }
}
