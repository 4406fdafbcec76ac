// What the platform asks for the things that a request or an event is made of: no client that makes them is faster.

import { add } from "./report.js";
import { alternate, pace, type Work } from "./rounds.js";

const ADDRESS = "http://kv.example.com:9123/api/v1/kv/buckets/b/keys/user.1";

const make = (one: () => unknown): Work => ({
  run(count) {
    for (let n = 0; n < count; n += 1) one();
  },
});

const headers = { "X-Ironflow-Environment": "default", "Content-Type": "application/json" };

/** Asks for as much stack as the SDK does before it calls into its WebAssembly. */
const room = new Array(1500).fill(0);
const nothing = () => {};

const parts = {
  stack: make(() => Reflect.apply(nothing, undefined, room)),
  clock: make(() => performance.now()),
  date: make(() => Date.now()),
  headers: make(() => new Headers(headers)),
  controller: make(() => new AbortController().signal),
  timer: make(() => clearTimeout(setTimeout(() => {}, 30_000))),
  request: make(() => {
    const { signal } = new AbortController();
    return new Request(ADDRESS, { method: "PUT", body: "1", cache: "no-store", headers, signal });
  }),
};

export async function measurePlatform() {
  for (const [name, bare] of Object.entries(parts)) {
    add(`platform.${name}`, await alternate({ bare }, pace(15, 8)));
  }
}
