// Room on the stack. A stack overflow inside the WebAssembly would stop it halfway, with what it had
// borrowed still borrowed. So each call into it first checks that there is room: a RangeError is then
// thrown in JavaScript, before the WebAssembly has begun.

/** Arguments to pass, of 8 bytes each: more than a call into the WebAssembly and its imports take. */
const ROOM = new Array(1500).fill(0);

const nothing = () => {};

/** Throws the engine's RangeError where the stack has too little room. */
export function checkStack() {
  Reflect.apply(nothing, undefined, ROOM);
}

/** Whether the stack has room. */
export function hasStack() {
  try {
    checkStack();
    return true;
  } catch {
    return false;
  }
}
