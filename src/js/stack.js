// Stack checks. A stack overflow inside the WebAssembly would leave its RefCells borrowed. So each call into it
// first checks the remaining stack, and throws a RangeError in JavaScript if it is too small.

/** The number of arguments of 8 bytes: more stack than a call into the WebAssembly and its imports needs. */
const ROOM = new Array(1500).fill(0);

const nothing = () => {};

/** Throws the engine's RangeError if the remaining stack is too small. */
export function checkStack() {
  Reflect.apply(nothing, undefined, ROOM);
}

/** Whether the remaining stack is large enough. */
export function hasStack() {
  try {
    checkStack();
    return true;
  } catch {
    return false;
  }
}
