// How JavaScript calls back into Rust: by the number of whoever listens there.

let listeners;

/** Is given, once and before any call, an object of the Rust side's class. */
export function openListeners(given) {
  listeners = given.constructor;
}

/** Tells a listener what has happened, in a number, with another and a value. */
export function tell(listener, kind, number, value) {
  listeners.tell(listener, kind, number, value);
}
