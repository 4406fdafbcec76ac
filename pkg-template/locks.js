// Web Locks, or locks of this process where the platform has none.

/** Until when each lock of this process is held. @type {Map<string, Promise<void>>} */
const own = new Map();

/** Gives the function that releases the lock of this name; undefined if it is held and not waited for. */
export function acquire(name, wait = true) {
  const { locks } = globalThis.navigator ?? {};
  return new Promise((resolve, reject) => {
    /** Holds the lock until it is released. */
    const hold = (lock) => new Promise((release) => resolve(lock && release));
    if (locks) return locks.request(name, { ifAvailable: !wait }, hold).catch(reject);
    const before = own.get(name);
    if (before && !wait) return resolve(undefined);
    const over = Promise.resolve(before)
      .then(() => hold(true))
      .then(() => own.get(name) === over && own.delete(name));
    own.set(name, over);
  });
}

/** Calls a function while it holds a lock; gives its result. */
export async function withLock(name, call) {
  const release = await acquire(name);
  try {
    return await call();
  } finally {
    release();
  }
}

/** The names of the locks that are held, in any tab. */
export async function heldLocks() {
  const held = (await globalThis.navigator?.locks?.query())?.held.map(({ name }) => name);
  return new Set(held ?? own.keys());
}
