// Calls from JavaScript into Rust, by the number of a listener.

import { microtask } from "./microtask.js";
import { hasStack } from "./stack.js";

let wasm;

/** Calls delayed because the stack was nearly full, in order. */
const delayed = [];

/** Sets the exports of the WebAssembly, before any call. */
export function openListeners(exports) {
  wasm = exports;
}

/** The delay before poll number `attempt` (from 1), in milliseconds. `retryAfter`: the server's `Retry-After`, in seconds. */
export function pollDelay(attempt, retryAfter) {
  return wasm.poll_delay(attempt, retryAfter, Math.random());
}

/**
 * Notifies a listener, by its number, of an event: a number, with another and a value, and of a frame the slot
 * of its key. An application may
 * cause an event while its stack is nearly full: then the listener is called in a later microtask.
 */
export function dispatch(listener, kind, number, value, slot) {
  if (delayed.length === 0) {
    if (hasStack()) return wasm.dispatch(listener, kind, number, value, slot);
    microtask(dispatchDelayed);
  }
  delayed.push([listener, kind, number, value, slot]);
}

function dispatchDelayed() {
  for (const call of delayed.splice(0)) wasm.dispatch(...call);
}
