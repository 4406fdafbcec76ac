// An optimistic change of a view, until a snapshot shows it and until it is written, beside `modify`.

import { add } from "./report.js";
import { isQuick } from "./rounds.js";
import { fill, MANY, memoryBucket } from "./store-parts.js";

const SIZES = [1_000, MANY];
const ROUNDS = isQuick ? 3 : 15;
/** Changes of a round. */
const CHANGES = 200;

export async function measureMutate() {
  for (const size of SIZES) {
    const bucket = memoryBucket();
    const keys = Array.from({ length: size }, (_, n) => `user.${n}`);
    await fill(bucket, keys);
    const view = bucket.view();
    await view.ready;
    const shown: number[] = [];
    const written: number[] = [];
    const modified: number[] = [];
    let visits = 0;
    const next = () => ({ name: "Alice", role: "admin", visits });
    // The first round is to warm up.
    for (let round = -1; round < ROUNDS; round += 1) {
      let until = 0;
      let began = performance.now();
      for (let n = 0; n < CHANGES; n += 1) {
        visits += 1;
        const key = keys[(visits * 7919) % size] ?? "";
        const start = performance.now();
        const saved = view.mutate(key, next);
        if (!view.getSnapshot().get(key)?.pending) throw new Error("the change is not shown");
        until += performance.now() - start;
        await saved;
      }
      const both = performance.now() - began;
      began = performance.now();
      for (let n = 0; n < CHANGES; n += 1) {
        visits += 1;
        const key = keys[(visits * 7919) % size] ?? "";
        const { revision } = await bucket.modify(key, next);
        await view.waitFor(revision);
        if (view.getSnapshot().get(key)?.pending) throw new Error("the change is not written");
      }
      if (round < 0) continue;
      shown.push((until * 1000) / CHANGES);
      written.push((both * 1000) / CHANGES);
      modified.push(((performance.now() - began) * 1000) / CHANGES);
    }
    add("views.mutate.shown", { sdk: shown }, size);
    add("views.mutate.written", { bare: modified, sdk: written }, size);
    view.stop();
  }
}
