// How JavaScript calls back into Rust: by the number of a listener.

import { hasStack } from "./stack.js";

let wasm;

/** Calls that found no room on the stack, in order. */
const delayed = [];

/** Is given, before any call, what the WebAssembly exports. */
export function openListeners(exports) {
  wasm = exports;
}

/** How long to wait before poll number `attempt` (from 1), in milliseconds; `retryAfter`: seconds that the server asks for. */
export function pollDelay(attempt, retryAfter) {
  return wasm.poll_delay(attempt, retryAfter, Math.random());
}

/**
 * Notifies a listener, by its number, of an event: a number, with another and a value, and of a frame the slot
 * of its key. An application may
 * cause an event while its stack is nearly full: then the listener is called in a later microtask.
 */
export function dispatch(listener, kind, number, value, slot) {
  if (delayed.length === 0 && hasStack()) {
    wasm.dispatch(listener, kind, number, value, slot);
    return;
  }
  if (delayed.length === 0) Promise.resolve().then(dispatchDelayed);
  delayed.push([listener, kind, number, value, slot]);
}

function dispatchDelayed() {
  for (const call of delayed.splice(0)) wasm.dispatch(...call);
}
