/**
 * The work of the other client: it writes to eight keys in turn, and sometimes deletes one. It runs in a worker, or
 * in the page if the store is in memory.
 *
 * @typedef {{ written: number, revision: number } | { failed: string }} Report
 */

const SENSORS = 8;

/**
 * @param {import("@ironflow/browser").BrowserKVBucketHandle} bucket
 * @param {number} perSecond
 * @param {(report: Report) => void} report called after each write
 * @returns {() => void} stops writing
 */
export function startWriting(bucket, perSecond, report) {
  let written = 0;
  let revision = 0;
  let turn = 0;
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    turn += 1;
    const key = `sensor.${1 + (turn % SENSORS)}`;
    try {
      if (turn % 21 === 0) {
        await bucket.delete(key);
      } else {
        const celsius = Math.round(200 + 25 * Math.sin(turn / 9)) / 10;
        ({ revision } = await bucket.put(key, { celsius, reading: turn }));
      }
      written += 1;
      report({ written, revision });
    } catch (error) {
      report({ failed: error instanceof Error ? error.message : String(error) });
    }
    busy = false;
  }, 1000 / perSecond);
  return () => clearInterval(timer);
}
