// Stack checks. A stack overflow inside the WebAssembly would leave its RefCells borrowed. So each call into it
// first checks the remaining stack, and throws a RangeError in JavaScript if it is too small.

/** The number of arguments of 8 bytes: more stack than a call into the WebAssembly and its imports needs. */
const ROOM = Array(1500).fill();

const nothing = () => {};

/** Whether the platform has just called, whose stack is empty. */
let isEmpty;

/** Notes an event of the platform, until its first call into the WebAssembly or until `noteEvent()`. */
export function noteEvent(event) {
  isEmpty = event?.isTrusted;
}

/** Throws the engine's RangeError if the remaining stack is too small. */
export function checkStack() {
  Reflect.apply(nothing, undefined, ROOM);
}

/** Returns true if the remaining stack is large enough. */
export function hasStack() {
  try {
    if (!isEmpty) checkStack();
    return true;
  } catch {
    // It is not.
  } finally {
    isEmpty = false;
  }
}
