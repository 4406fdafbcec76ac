// Arbitrary frames of version 2 of the watch: nothing throws, every event is well-formed, and the watch works as soon as
// the frames make sense again.
//
// IRONFLOW_INPUTS sets the number of random conversations.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { install, sockets } from "./support/fake-websocket.mjs";
import { settled, watch } from "./support/watched.mjs";

const numRuns = Number(process.env.IRONFLOW_INPUTS ?? 1000);
after(install());

/** @type {unknown[]} */
const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error));
process.on("uncaughtException", (error) => unhandled.push(error));

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(0, -1, 1.5, 2 ** 53 - 1, 2 ** 53, 1e300, "", "put", null, true, [], {}),
);
const id = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) }, odd);
const revision = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }) }, odd);
const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom("a", "b", "a.x") }, odd);
const epoch = fc.oneof({ weight: 3, arbitrary: fc.constantFrom("one", "two") }, odd);
const operation = fc.oneof({ weight: 4, arbitrary: fc.constantFrom("put", "delete") }, odd);
const flag = fc.oneof(fc.boolean(), odd);
const change = fc.record(
  { key, revision, operation, value: fc.oneof(fc.constant("MQ=="), odd), reason: odd },
  { requiredKeys: [] },
);
/** @param {string} type @param {Record<string, fc.Arbitrary<unknown>>} fields */
const frame = (type, fields) =>
  fc.record({ type: fc.constant(type), ...fields }, { requiredKeys: ["type"] });
const frames = fc.array(
  fc.oneof(
    frame("replay", { id, total: revision, epoch, reset: flag, pruned: flag }),
    frame("changes", { id, events: fc.oneof(fc.array(change, { maxLength: 4 }), odd) }),
    frame("live", { id, keys: fc.oneof(fc.array(key), odd) }),
    frame("synced", { id, revision, epoch, reset: flag, pruned: flag }),
    frame("kv_update", { name: fc.constantFrom("b", "c"), key, revision, operation, value: odd }),
    frame("refused", { id, status: revision, error: odd, retryable: flag, retry_after: odd }),
    frame("tick", { revisions: fc.oneof(fc.record({ b: revision }), odd) }),
    frame("error", { message: odd }),
    odd,
  ),
  { maxLength: 24 },
);

test("frames that no server should send harm nothing", async () => {
  let probes = 0;
  const conversation = fc.asyncProperty(frames, fc.boolean(), async (noise, initial) => {
    sockets.length = 0;
    const { client, calls } = watch({}, { initial });
    const [socket] = sockets;
    assert.ok(socket);
    socket.accept("ironflow.v2");
    await settled();
    for (const each of noise) socket.frame(each);
    await settled();
    for (const event of calls.filter((call) => call?.revision !== undefined)) {
      assert.equal(typeof event.key, "string");
      assert.ok(Number.isSafeInteger(event.revision) && event.revision >= 0);
      assert.ok(["put", "delete"].includes(event.operation));
    }
    const subscribed = socket.sent.filter(({ type }) => type === "subscribe").at(-1);
    if (!calls.includes("closed") && socket.readyState === 1 && subscribed) {
      const { id } = subscribed;
      socket.frame({ type: "replay", id, total: 1, epoch: "last", reset: true });
      socket.frame({ type: "synced", id, revision: 1, epoch: "last", reset: true });
      const probe = { key: "probe", value: "MQ==", revision: 2, operation: "put" };
      socket.frame({ type: "kv_update", name: "b", ...probe });
      // Unless a server has refused the subscription for a moment.
      const isRefused = noise.some((each) => /** @type {any} */ (each)?.type === "refused");
      probes += 1;
      await settled();
      const events = calls.filter((call) => call?.revision !== undefined);
      if (!isRefused) assert.deepEqual(events.at(-1), probe);
    }
    client.disconnect();
    assert.deepEqual(unhandled, []);
  });
  await fc.assert(conversation, { numRuns });
  assert.ok(probes > numRuns / 4, `${probes} of ${numRuns} conversations went on`);
  console.log(`${numRuns} conversations, ${probes} went on`);
});
