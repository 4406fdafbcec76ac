/** The keys of the pattern table in the documentation, so that every suggested filter matches some. */
export const sampleKeys = {
  "user.123": { name: "Alice", role: "admin" },
  "user.456": { name: "Bob", role: "reader" },
  "user.123.name": "Alice",
  "user:123": { note: "one token: a colon does not separate" },
  "config.feature-flags": { darkMode: true, betaAccess: false },
  "config.theme": "solarized",
  "order.2026.0001": { item: "Espresso machine", quantity: 1, paid: true },
  "order.2026.0002": { item: "Filter papers", quantity: 200, paid: false },
  "image.pixel": Uint8Array.of(0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0xff),
  flag: true,
};

const regions = ["berlin", "lagos", "lima", "osaka", "oslo"];

/** @param {number} count @returns {Generator<[string, unknown]>} */
export function* manyKeys(count) {
  for (let n = 0; n < count; n += 1) {
    const region = regions[n % regions.length];
    const serial = String(n).padStart(5, "0");
    yield [`device.${region}.${serial}`, { online: n % 7 !== 0, battery: (n * 37) % 101 }];
  }
}

const MAX_CONCURRENT_WRITES = 16;

/**
 * Puts entries concurrently. Returns their number.
 *
 * @param {import("@ironflow/browser").BrowserKVBucketHandle} bucket
 * @param {Iterable<[string, unknown]>} entries
 * @param {(soFar: number) => void} report called after every 500 entries
 */
export async function fillBucket(bucket, entries, report) {
  const iterator = entries[Symbol.iterator]();
  let done = 0;
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      await bucket.put(...next.value);
      done += 1;
      if (done % 500 === 0) {
        report(done);
        // In memory no write waits for I/O: let the page render.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_WRITES }, worker));
  return done;
}
