// The connection state of a client, over all its watches.

import {
  WATCH_CONNECTED,
  WATCH_CONNECTING,
  WATCH_DISCONNECTED,
  WATCH_RECONNECTING,
} from "./enums.js";
import { guarded } from "./log.js";
import { microtask } from "./microtask.js";

const CONNECTING = "connecting";
const CONNECTED = "connected";
const RECONNECTING = "reconnecting";
const DISCONNECTED = "disconnected";

/** The states of a watch by their numbers. */
export const STATES = {
  [WATCH_CONNECTING]: CONNECTING,
  [WATCH_CONNECTED]: CONNECTED,
  [WATCH_RECONNECTING]: RECONNECTING,
  [WATCH_DISCONNECTED]: DISCONNECTED,
};

class Connection {
  /** Whether `connect()` has succeeded since the client was configured or disconnected. */
  #reached = false;
  /** How many watches are in each state. */
  #watches = { [CONNECTING]: 0, [CONNECTED]: 0, [RECONNECTING]: 0, [DISCONNECTED]: 0 };
  #subscribers = new Set();
  /** The state that subscribers know. */
  #notified = DISCONNECTED;
  #notifying = false;

  get state() {
    for (const state of [CONNECTED, RECONNECTING, CONNECTING]) {
      if (this.#watches[state] > 0) return state;
    }
    // A watch in another state is paused.
    return this.#reached && this.#watches[DISCONNECTED] === 0 ? CONNECTED : DISCONNECTED;
  }

  /** Sets whether `connect()` has succeeded since the client was configured or disconnected. */
  setReached(reached) {
    this.#reached = reached;
    this.#notify();
  }

  /** Moves a watch between states; undefined before it starts and after it ends. */
  move(from, to) {
    if (from) this.#watches[from] -= 1;
    if (to) this.#watches[to] += 1;
    this.#notify();
  }

  /** Subscribes a callback to state changes and returns the function that unsubscribes it. */
  subscribe(callback, logger) {
    const subscriber = { callback, logger };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /** Coalesces the changes of a task, so that replacing a watch is not a change. */
  #notify() {
    if (this.#notifying) return;
    this.#notifying = true;
    microtask(() => {
      this.#notifying = false;
      const { state } = this;
      if (state === this.#notified) return;
      this.#notified = state;
      for (const subscriber of [...this.#subscribers]) {
        if (!this.#subscribers.has(subscriber)) continue;
        const { callback, logger } = subscriber;
        guarded(logger, "an onConnectionChange callback", () => callback(state));
      }
    });
  }
}

export function newConnection() {
  return new Connection();
}
