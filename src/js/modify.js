// Read, change, write: again, as long as somebody else writes in between.

import { paused, race } from "./exchange.js";
import { tell } from "./listeners.js";

/** The longest wait before another attempt, in milliseconds. */
const LONGEST = 5000;

async function attempts(bucket, key, change, maxAttempts, options) {
  const { signal } = options;
  let took = LONGEST;
  for (let attempt = 1; ; attempt += 1) {
    const began = performance.now();
    const current = await bucket.get(key, options).catch((error) => {
      if (error?.status !== 404) throw error;
    });
    const value = await change(current);
    signal.throwIfAborted();
    if (value === undefined) return { revision: current?.revision ?? 0 };
    try {
      if (!current) return await bucket.create(key, value, options);
      return await bucket.update(key, value, current.revision, options);
    } catch (error) {
      if (error?.status !== 412 || attempt >= maxAttempts) throw error;
    }
    // Losers that try again at once mostly make each other lose. What the quickest attempt took is
    // the measure of how long the others need, and how often it was in vain of how many they are.
    took = Math.min(took, performance.now() - began);
    const longest = Math.min(took * 2 ** Math.min(attempt + 1, 6), LONGEST);
    await paused(Math.random() * longest, signal);
    signal.throwIfAborted();
  }
}

export function modify(bucket, key, change, maxAttempts, timeout, signal, done) {
  const controller = new AbortController();
  const options = { signal: controller.signal, timeout };
  const running = attempts(bucket, key, change, maxAttempts, options);
  race(running, timeout, signal, controller, (kind, value) => tell(done, kind, 0, value));
}
