// Microtasks that fake timers do not replace.

/**
 * Calls a function in a later microtask. Fake timers (Jest's, Vitest's and sinon's) replace
 * `queueMicrotask` and `process.nextTick`, but not promises.
 */
export function microtask(task) {
  Promise.resolve().then(task);
}
