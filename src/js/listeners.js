// How JavaScript calls back into Rust: by the number of whoever listens there.

/** Tells a listener, by its number, what has happened: in a number, with another and a value. */
export let tell;

/** Is given, before any call, what the WebAssembly exports. */
export function openListeners(wasm) {
  tell = wasm.tell;
}
