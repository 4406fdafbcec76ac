// Watches leave nothing behind: not on the heap, not in the memory of the WebAssembly, and no listener or timer.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { InstrumentedPage } from "../chaos/instrumented-page.mjs";
import { folders } from "../chaos/stage.mjs";
import { serveBrowser } from "../support/served-browser.mjs";

const ROUNDS = 20;

/** After so many rounds everything has the size that it needs, compiled code included. */
const WARM_UP = 12;

/** What the rounds after that may add, in bytes: the engine's own tables, and one page of WebAssembly memory. */
const SLACK = { jsBytes: 128 * 1024, wasmBytes: 64 * 1024 };

const CYCLES = 10_000;
const EVENTS = 2_000_000;

/** @type {Awaited<ReturnType<typeof serveBrowser>>} */
let stage;
before(async () => {
  stage = await serveBrowser(folders);
});
after(() => stage?.close());
afterEach(async () => {
  for (const context of stage.browser.contexts()) await context.close();
});

/**
 * Does it round by round, and measures what the later rounds add.
 *
 * @param {keyof typeof import("../chaos/page/rounds.mjs")} what
 * @param {number} count in all rounds together
 * @param {string} [leak] what is to be left on purpose
 */
async function growth(what, count, leak) {
  const page = await InstrumentedPage.open(stage.browser, stage.url);
  const listeners = await page.listeners();
  const measured = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await page.page.evaluate(
      async ([name, ...args]) => {
        const address = "/chaos/rounds.mjs";
        await (await import(address))[name](...args);
      },
      /** @type {const} */ ([what, count / ROUNDS, leak]),
    );
    measured.push(await page.heap());
  }
  const [first, last] = [measured[WARM_UP - 1], measured.at(-1)];
  assert.ok(first && last);
  const { sockets, timers } = await page.open();
  return {
    jsBytes: last.jsBytes - first.jsBytes,
    wasmBytes: last.wasmBytes - first.wasmBytes,
    open: { sockets, timers, listeners: (await page.listeners()) - listeners },
    complaints: page.complaints,
  };
}

/** @param {{ jsBytes: number, wasmBytes: number }} found */
const isFlat = ({ jsBytes, wasmBytes }) => jsBytes <= SLACK.jsBytes && wasmBytes <= SLACK.wasmBytes;

describe("nothing grows with", () => {
  /** @type {[string, Parameters<typeof growth>[0], number][]} */
  const cases = [
    [`${CYCLES} watches in memory`, "watchesInMemory", CYCLES],
    [`${CYCLES} watches of a server`, "watchesOnServer", CYCLES],
    [`${EVENTS / 10} events in memory`, "eventsInMemory", EVENTS / 10],
    [`${EVENTS} events of a server`, "eventsOnServer", EVENTS],
  ];
  for (const [title, what, count] of cases) {
    test(title, async (t) => {
      const found = await growth(what, count);
      t.diagnostic(`${found.jsBytes} bytes of JavaScript, ${found.wasmBytes} of WebAssembly`);
      assert.ok(isFlat(found), JSON.stringify(found));
      assert.deepEqual(found.open, { sockets: 0, timers: 0, listeners: 0 });
      assert.deepEqual(found.complaints, []);
    });
  }
});

describe("the measurement notices", () => {
  test("a watch that is not stopped, in the memory of the WebAssembly", async () => {
    const { wasmBytes } = await growth("watchesInMemory", CYCLES, "watches");
    assert.ok(wasmBytes > SLACK.wasmBytes, `${wasmBytes} bytes`);
  });

  test("callbacks that are kept", async () => {
    const { jsBytes } = await growth("watchesInMemory", CYCLES, "callbacks");
    assert.ok(jsBytes > SLACK.jsBytes, `${jsBytes} bytes`);
  });

  test("events that are kept", async () => {
    const { jsBytes } = await growth("eventsOnServer", CYCLES, "events");
    assert.ok(jsBytes > SLACK.jsBytes, `${jsBytes} bytes`);
  });
});
