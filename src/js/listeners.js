// How JavaScript calls back into Rust: by the number of whoever listens there.

let wasm;

/** Is given, before any call, what the WebAssembly exports. */
export function openListeners(exports) {
  wasm = exports;
}

/** Tells a listener what has happened, in a number, with another and a value. */
export function tell(listener, kind, number, value) {
  wasm.tell(listener, kind, number, value);
}
