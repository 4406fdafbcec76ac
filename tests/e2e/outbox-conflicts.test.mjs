// Conflicts of an outbox, several tabs, and storages that fail, against the reference server.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { api, failure } from "./support/api.mjs";
import { Backend, holds, newClient, setUp } from "./support/outbox.mjs";

const t = setUp();

describe("a conflict", () => {
  /** What onConflict was given. @type {any[]} */
  let asked;
  beforeEach(() => {
    asked = [];
  });

  /** A client that answers conflicts. @param {(given: any) => unknown} answer */
  const answering = (answer) =>
    t.open({
      onConflict: (/** @type {any} */ given) => {
        asked.push(given);
        return answer(given);
      },
    });

  /**
   * Queues writes of a key that another client writes meanwhile.
   *
   * @param {ReturnType<typeof t.open>} tab
   * @param {(bucket: any) => Promise<unknown>[]} write
   * @param {() => Promise<unknown>} [meanwhile]
   */
  async function conflict(
    { bucket, outbox },
    write,
    meanwhile = () => t.other.put("a", ["theirs"]),
  ) {
    await bucket.put("a", ["base"]);
    t.fate = "offline";
    const results = Promise.allSettled(write(bucket));
    await outbox.flush();
    t.fate = undefined;
    await meanwhile();
    await outbox.flush();
    return { results };
  }

  const put = (/** @type {any} */ bucket) => [bucket.put("a", ["mine"])];
  const merge = (/** @type {any} */ { theirs, mine }) => [...(theirs?.value ?? []), ...mine.value];

  test("goes to onConflict once, and what it gives is written", async () => {
    const { results } = await conflict(answering(merge), put);
    const [written] = /** @type {any} */ (await results);
    const stored = /** @type {any} */ (await t.other.get("a"));
    assert.deepEqual(stored.value, ["theirs", "mine"]);
    assert.equal(stored.revision, written.value.revision);
    assert.equal(asked.length, 1);
    const { operation, key, bucket, base, mine, theirs, maybeApplied } = asked[0];
    assert.deepEqual([operation, key, bucket, base], ["put", "a", t.name, 1]);
    assert.deepEqual([theirs.revision, mine.pending, maybeApplied], [2, true, true]);
  });

  test("undefined drops the write, and what is behind it is a conflict too", async () => {
    const tab = answering(({ mine }) => (mine.value[0] === "mine" ? undefined : mine.value));
    const { results } = await conflict(tab, (bucket) => [
      ...put(bucket),
      bucket.put("a", ["next"]),
    ]);
    const [dropped, next] = await results;
    assert.equal(/** @type {any} */ (dropped).reason.status, 412);
    assert.equal(next?.status, "fulfilled");
    assert.deepEqual((await t.other.get("a")).value, ["next"]);
    assert.equal(asked[1].base, undefined);
  });

  test("what is behind a write that was merged is a conflict too, and behind one that was kept is not", async () => {
    const chain = (/** @type {any} */ bucket) => [
      ...put(bucket),
      bucket.put("a", ["mine", "next"]),
    ];
    const union = (/** @type {any} */ { theirs, mine }) => [
      ...new Set([...theirs.value, ...mine.value]),
    ];
    for (const [answer, expected, times] of /** @type {const} */ ([
      [union, ["theirs", "mine", "next"], 2],
      [(/** @type {any} */ { mine }) => mine.value, ["mine", "next"], 1],
    ])) {
      asked = [];
      const tab = answering(answer);
      await (await conflict(tab, chain)).results;
      assert.deepEqual((await t.other.get("a")).value, expected);
      assert.equal(asked.length, times);
      tab.client.disconnect();
    }
  });

  test("KV_DELETE deletes the key", async () => {
    await (
      await conflict(
        answering(() => api.KV_DELETE),
        put,
      )
    ).results;
    assert.equal(await t.other.find("a"), undefined);
  });

  test("a handler that fails, or none, puts the write aside", async () => {
    const broken = () => {
      throw new Error("broken");
    };
    for (const [answer, code] of /** @type {const} */ ([
      [undefined, "HTTP_412"],
      [broken, "IRONFLOW_ERROR"],
    ])) {
      const tab = answer ? answering(answer) : t.open();
      const { results } = await conflict(tab, put);
      const [rejected] = /** @type {any} */ (await results);
      assert.equal(rejected.reason.code, code);
      assert.deepEqual((await t.other.get("a")).value, ["theirs"]);
      const [entry] = tab.outbox.entries();
      assert.deepEqual(
        [entry.error.code, JSON.parse(new TextDecoder().decode(entry.bytes))],
        [code, ["mine"]],
      );
      assert.deepEqual((await tab.bucket.get("a")).value, ["theirs"]);
      await tab.bucket.put("a", ["later"]);
      await tab.outbox.discard(entry.id);
      assert.equal(tab.outbox.size, 0);
      tab.client.disconnect();
    }
  });

  test("what another client wrote equally is success", async () => {
    const { results } = await conflict(answering(merge), put, () => t.other.put("a", ["mine"]));
    const [written] = /** @type {any} */ (await results);
    assert.equal(written.value.revision, 2);
    assert.equal(asked.length, 0);
  });

  test("a delete of what another client has written", async () => {
    const { results } = await conflict(
      answering(({ theirs }) => theirs.value),
      (bucket) => [bucket.delete("a")],
    );
    assert.deepEqual(await results, [{ status: "fulfilled", value: undefined }]);
    assert.deepEqual([asked[0].operation, asked[0].mine], ["delete", undefined]);
    assert.deepEqual((await t.other.get("a")).value, ["theirs"]);
  });

  test("a key that the client has not seen, and that exists", async () => {
    const { bucket, outbox } = answering(merge);
    await t.other.put("seen", 1);
    await t.other.put("a", ["theirs"]);
    t.fate = "offline";
    const writes = [bucket.put("a", ["mine"]), bucket.put("new", 1)];
    await outbox.flush();
    t.fate = undefined;
    await outbox.flush();
    await Promise.all(writes);
    assert.deepEqual((await t.other.get("a")).value, ["theirs", "mine"]);
    assert.equal((await t.other.get("new")).value, 1);
    assert.equal(asked.length, 1);
  });

  for (const [basis, read] of /** @type {const} */ ([
    ["a write", (/** @type {any} */ { bucket }) => bucket.put("a", ["base"])],
    ["get()", (/** @type {any} */ { bucket }) => bucket.get("a")],
    ["entries()", (/** @type {any} */ { bucket }) => bucket.entries()],
    ["a view", (/** @type {any} */ { bucket }) => bucket.view().ready],
  ])) {
    test(`a bucket that was recreated, after ${basis}`, async () => {
      if (basis !== "a write") await t.other.put("a", ["base"]);
      const tab = answering(merge);
      await read(tab);
      // It reads the info of the bucket meanwhile.
      await t.network.answered();
      t.fate = "offline";
      const [written] = put(tab.bucket);
      await tab.outbox.flush();
      const kv = api.createClient({ serverUrl: t.serverUrl, logger: false }).kv();
      await t.elsewhere(async () => {
        await kv.deleteBucket(t.name);
        await kv.createBucket({ name: t.name });
        await t.other.put("a", ["of the new bucket"]);
      });
      t.fate = undefined;
      await tab.outbox.flush();
      await written;
      assert.deepEqual((await t.other.get("a")).value, ["of the new bucket", "mine"]);
      assert.equal(asked.length, 1);
    });
  }

  test("other keys are written while the application decides", async () => {
    /** @type {(value: unknown) => void} */
    let decide = () => {};
    const tab = answering(() => new Promise((resolve) => (decide = resolve)));
    const { results } = await conflict(tab, (bucket) => [...put(bucket), bucket.put("b", 1)]);
    assert.equal((await t.other.get("b")).value, 1);
    await tab.bucket.put("c", 1);
    decide(["decided"]);
    await results;
    assert.deepEqual((await t.other.get("a")).value, ["decided"]);
    assert.equal(asked.length, 1);
  });

  for (const [without, expected] of /** @type {const} */ ([
    [undefined, false],
    [/write-id/, true],
  ])) {
    test(`after a lost answer, maybeApplied is ${expected} ${without ? "without" : "with"} write ids`, async () => {
      const tab = answering(merge);
      t.network.without = /** @type {any} */ (without);
      const { revision } = await tab.bucket.put("a", ["base"]);
      await t.other.put("a", ["theirs"]);
      t.fate = "lost answer";
      // It is refused, and the answer is lost.
      const written = tab.bucket.update("a", ["mine"], revision);
      await tab.outbox.flush();
      t.fate = undefined;
      await tab.outbox.flush();
      await written;
      assert.deepEqual((await t.other.get("a")).value, ["theirs", "mine"]);
      assert.deepEqual(
        asked.map(({ maybeApplied }) => maybeApplied),
        [expected],
      );
    });
  }
});

describe("the storage", () => {
  test("two tabs: each knows what the other has queued, and one replays", async () => {
    const [one, two] = [t.open(), t.open()];
    await one.bucket.put("a", 0);
    t.fate = "offline";
    const first = one.bucket.put("a", 1);
    await one.outbox.flush();
    await holds(two.outbox, 1);
    const second = two.bucket.put("a", 2);
    await two.outbox.flush();
    await holds(one.outbox, 2);
    assert.equal((await one.bucket.get("a")).value, 2);
    t.fate = undefined;
    await one.outbox.flush();
    const results = await Promise.all([first, second]);
    assert.deepEqual(
      results.map(({ revision }) => revision),
      [2, 3],
    );
    assert.equal((await t.other.get("a")).value, 2);
    await holds(two.outbox, 0);
  });

  test("writes go directly to the server while it fails", async () => {
    t.backend.failure = new Error("full");
    const { bucket, outbox } = t.open();
    await bucket.put("a", 1);
    t.fate = "offline";
    assert.equal((await failure(bucket.put("a", 2))).code, "REQUEST_FAILED");
    assert.equal(outbox.size, 0);
    t.backend.failure = undefined;
  });

  test("a storage that fails later", async () => {
    const { bucket, outbox } = t.open();
    await bucket.put("a", 1);
    t.backend.failure = new Error("full");
    await bucket.put("a", 2);
    t.fate = "offline";
    assert.equal((await failure(bucket.put("a", 3))).code, "REQUEST_FAILED");
    assert.equal(outbox.size, 0);
  });

  test("clear() removes what is queued", async () => {
    const { client, bucket, outbox } = t.open();
    t.fate = "offline";
    const lost = failure(bucket.put("a", 1));
    await outbox.flush();
    await client.getConfig().outbox.clear();
    assert.equal((await lost).name, "AbortError");
    assert.equal(outbox.size, 0);
    t.fate = undefined;
    await outbox.flush();
    assert.equal(await t.other.find("a"), undefined);
  });
});

describe("the client", () => {
  test("the option is of createClient() only, and takes a storage, without a fallback", () => {
    assert.throws(() => t.open({ fallback: "memory" }), api.ValidationError);
    assert.throws(() => t.open({ outbox: {} }), api.ValidationError);
    const { client } = t.open();
    const { outbox } = client.getConfig();
    assert.throws(() => client.configure({ outbox }), api.ValidationError);
    assert.throws(() => client.configure({ fallback: "memory" }), api.ValidationError);
    assert.throws(() => client.outbox.subscribe(1), api.ValidationError);
  });

  test("in memory", async () => {
    const { client } = t.open({ transport: "memory", memory: { buckets: ["b"] } });
    const bucket = client.kv().bucket("b");
    await bucket.put("a", "1");
    assert.equal((await bucket.get("a")).text(), "1");
    assert.equal(client.outbox.size, 0);
  });

  test("delete is queued only where the server has a conditional one", async () => {
    t.network.without = /remove/;
    const { bucket, outbox } = t.open();
    await bucket.put("a", 1);
    t.fate = "offline";
    assert.equal((await failure(bucket.delete("a"))).code, "REQUEST_FAILED");
    assert.equal(outbox.size, 0);
  });

  test("setAuth() resumes a replay that was refused", async () => {
    const { client, bucket, outbox } = t.open();
    await bucket.put("a", 1);
    t.fate = "offline";
    const written = bucket.put("a", 2);
    await outbox.flush();
    t.fate = 401;
    await outbox.flush();
    assert.equal(outbox.size, 1);
    t.fate = undefined;
    client.setAuth({ apiKey: "another" });
    await written;
  });
});

test("a list that clients append to, while a third of the requests or answers is lost, has every item once", async () => {
  const merge = (/** @type {any} */ { theirs, mine }) => [
    ...new Set([...(theirs?.value ?? []), ...(mine?.value ?? [])]),
  ];
  const tabs = [0, 1, 2].map(() => {
    const client = newClient(t.serverUrl, new Backend(), { onConflict: merge });
    t.clients.push(client);
    return { outbox: client.outbox, bucket: client.kv().bucket(t.name, { decode: "json" }) };
  });
  /** Appends an item by compare-and-swap. @param {any} bucket @param {string} item */
  async function append(bucket, item) {
    for (;;) {
      try {
        const entry = await bucket.find("list");
        if (!entry) return await bucket.create("list", [item]);
        return await bucket.update("list", [...entry.value, item], entry.revision);
      } catch (error) {
        const { status, retryable } = /** @type {any} */ (error);
        if (status !== 412 && !retryable) throw error;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  const lose = setInterval(() => {
    const chance = Math.random();
    t.fate = chance < 0.2 ? "lost answer" : chance < 0.33 ? "offline" : undefined;
    for (const { outbox } of tabs) outbox.flush();
  }, 5);
  await Promise.all(
    tabs.map(async ({ bucket }, number) => {
      for (let n = 0; n < 8; n += 1) {
        await Promise.all([append(bucket, `${number}.${n}`), bucket.put(`own.${number}.${n}`, n)]);
      }
    }),
  );
  clearInterval(lose);
  t.fate = undefined;
  const items = /** @type {any} */ (await t.other.get("list")).value;
  assert.equal(items.length, 24);
  assert.equal(new Set(items).size, 24);
  const keys = (await t.other.listKeys("own.>")).length;
  assert.equal(keys, 24);
});
