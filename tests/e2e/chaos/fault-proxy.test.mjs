// The proxy itself: each fault does what it says, and no more.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { reset, startFaultProxy } from "./fault-proxy.mjs";

/** @typedef {import("./fault-proxy.mjs").Fault} Fault */

/** What the server behind the proxy was sent. */
let received = "";
/** @type {Set<import("node:net").Socket>} */
const accepted = new Set();
/** @type {import("node:net").Server} */
let server;
/** @type {import("./fault-proxy.mjs").FaultProxy} */
let proxy;

beforeEach(async () => {
  received = "";
  // An echo.
  server = createServer((socket) => {
    accepted.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => accepted.delete(socket));
    socket.on("data", (chunk) => {
      received += chunk;
      socket.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  proxy = await startFaultProxy(`http://127.0.0.1:${port}`);
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of accepted) socket.destroy();
  server.close();
});

/** Waits until a connection is closed, by whatever. @param {import("node:net").Socket} socket */
const gone = (socket) => new Promise((resolve) => socket.once("close", resolve));

/** A connection through the proxy, and what came back over it. */
function client() {
  const { port } = new URL(proxy.url);
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  const got = { text: "", error: "" };
  socket.on("data", (chunk) => {
    got.text += chunk;
  });
  socket.on("error", (error) => {
    got.error = Reflect.get(error, "code");
  });
  return {
    got,
    socket,
    /** Says it, and waits for the echo. @param {string} text */
    async says(text) {
      const length = got.text.length + text.length;
      socket.write(text);
      while (got.text.length < length) await once(socket, "data");
      return true;
    },
    closed: gone(socket),
  };
}

/** A client that is connected. */
async function connected() {
  const made = client();
  await made.says("hello ");
  return made;
}

let hits = 0;
/** @param {Partial<Fault> & Pick<Fault, "kind">} fault */
function inflict(fault) {
  hits = 0;
  const whole = { scope: /** @type {const} */ ("all"), chosen: 0, hold: 50, bytes: 3 };
  proxy.inflict({ ...whole, to: "client", ...fault }, () => {
    hits += 1;
  });
}

test("without a fault everything passes, and so does the end", async () => {
  const one = await connected();
  await one.says("x".repeat(1_000_000));
  one.socket.end();
  await one.closed;
  assert.deepEqual([one.got.text.length, one.got.error], [1_000_006, ""]);
});

test("a client whose server is not there is reset", async () => {
  proxy.retarget("http://127.0.0.1:1");
  const one = client();
  await one.closed;
  assert.equal(one.got.error, "ECONNRESET");
});

test("a client whose server goes is reset, and the other way round", async () => {
  const one = await connected();
  for (const socket of accepted) socket.resetAndDestroy();
  await one.closed;
  assert.equal(one.got.error, "ECONNRESET");

  const two = await connected();
  const [socket] = accepted;
  assert.ok(socket);
  const closed = gone(socket);
  two.socket.resetAndDestroy();
  await closed;
});

test("cut resets", async () => {
  const one = await connected();
  inflict({ kind: "cut" });
  await one.closed;
  assert.equal(one.got.error, "ECONNRESET");
  assert.equal(hits, 1);
});

test("cut may mean one connection only", async () => {
  const [one, two, three] = [await connected(), await connected(), await connected()];
  inflict({ kind: "cut", scope: "one", chosen: 0.5 });
  await two.closed;
  await Promise.all([one.says("still here"), three.says("so am I")]);
  assert.equal(hits, 1);
});

test("cut may mean WebSockets only", async () => {
  const one = await connected();
  const two = client();
  await two.says("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
  assert.equal(proxy.webSockets, 1);
  inflict({ kind: "cut", scope: "sockets" });
  await two.closed;
  await one.says("still here");
  assert.equal(proxy.webSockets, 0);
});

test("refuse resets new connections for a while, and keeps the others", async () => {
  const before = await connected();
  inflict({ kind: "refuse", hold: 100 });
  const refused = client();
  await refused.closed;
  assert.equal(refused.got.error, "ECONNRESET");
  assert.equal(hits, 1);
  await before.says("still here");
  let later = client();
  while (!(await later.says("hello").catch(() => false))) later = client();
  assert.equal(later.got.text, "hello");
});

test("stall passes nothing either way, and then resets", async () => {
  const one = await connected();
  inflict({ kind: "stall" });
  one.socket.write("anybody?");
  for (const socket of accepted) socket.write("data");
  await one.closed;
  assert.deepEqual([one.got.text, one.got.error], ["hello ", "ECONNRESET"]);
  assert.equal(received, "hello ");
  assert.equal(hits, 1);
});

test("tear resets after so many bytes", async () => {
  const one = await connected();
  inflict({ kind: "tear", bytes: 3 });
  assert.equal(hits, 0);
  one.socket.write("abcdefgh");
  await one.closed;
  assert.deepEqual([one.got.text, one.got.error], ["hello abc", "ECONNRESET"]);
  assert.equal(hits, 1);
});

test("tear may wait for the next connection", async () => {
  const before = await connected();
  inflict({ kind: "tear", bytes: 3, scope: "next" });
  const next = client();
  next.socket.write("abcdefgh");
  await next.closed;
  assert.equal(next.got.text, "abc");
  await before.says("still here");
  await connected();
  assert.equal(hits, 1);
});

test("half-open lets one direction vanish, and then resets", async () => {
  const one = await connected();
  inflict({ kind: "half-open", to: "client" });
  one.socket.write("one way ");
  await one.closed;
  assert.deepEqual([one.got.text, one.got.error], ["hello ", "ECONNRESET"]);
  assert.equal(received, "hello one way ");

  received = "";
  const two = await connected();
  inflict({ kind: "half-open", to: "server" });
  two.socket.write("other way");
  for (const socket of accepted) socket.write("back");
  await two.closed;
  assert.deepEqual([two.got.text, received], ["hello back", "hello "]);
});

test("a server that goes behind a half-open connection is not noticed until it is reset", async () => {
  const one = await connected();
  inflict({ kind: "half-open", to: "client", hold: 100 });
  const start = performance.now();
  for (const socket of accepted) socket.destroy();
  await one.closed;
  assert.ok(performance.now() - start > 90);
});

test("black-hole lets everything vanish until it is healed, and notes when a WebSocket is given up", async () => {
  const one = client();
  await one.says("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  const length = received.length;
  inflict({ kind: "black-hole" });
  assert.equal(hits, 1);
  for (const socket of accepted) socket.write("back");
  one.socket.write(Buffer.from([0x89, 0x80, 1, 2, 3, 4]));
  const isKnown = () => proxy.holes.length > 0;
  assert.equal(isKnown(), false);
  one.socket.write(Buffer.from([0x89, 0x80, 1, 2, 3, 4, 0x88, 0x82, 1, 2, 3, 4, 5, 6]));
  while (!isKnown()) await new Promise((next) => setTimeout(next, 1));
  assert.deepEqual([received.length, one.got.text.length, one.got.error], [length, length, ""]);
  proxy.heal();
  await one.closed;
  assert.equal(proxy.holes.length, 1);
});

test("slow passes everything, a few bytes at a time", async () => {
  const one = await connected();
  inflict({ kind: "slow", bytes: 3, hold: 10_000 });
  let chunks = 0;
  one.socket.on("data", () => {
    chunks += 1;
  });
  await one.says("abcdefghijklmnopqrstuvwxyz");
  assert.equal(one.got.text, "hello abcdefghijklmnopqrstuvwxyz");
  assert.ok(chunks > 4, `it came in ${chunks} chunks`);
  assert.equal(hits, 1);
});

test("a connection that ends in the middle of a fault leaves no timer", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const one = await connected();
  const [socket] = accepted;
  assert.ok(socket);
  inflict({ kind: "slow", hold: 600_000 });
  assert.ok(timers() > before);
  const closed = gone(socket);
  one.socket.end();
  socket.end();
  await Promise.all([one.closed, closed]);
  while (proxy.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(timers(), before);
});

test("a connection that is just saying goodbye can be reset", async () => {
  const one = await connected();
  one.socket.end();
  reset(one.socket);
  await one.closed;
  assert.equal(one.got.error, "");
});

test("heal ends what lasts: who lost nothing goes on, who lost something is reset", async () => {
  const [slow, stalled] = [await connected(), await connected()];
  inflict({ kind: "slow", scope: "one", chosen: 0, hold: 600_000, bytes: 1 });
  inflict({ kind: "stall", scope: "one", chosen: 0.5, hold: 600_000 });
  inflict({ kind: "tear", scope: "next" });
  inflict({ kind: "refuse", hold: 600_000 });
  proxy.heal();
  await stalled.closed;
  await slow.says("x".repeat(100_000));
  await (await connected()).says("x".repeat(100_000));
  assert.equal(hits, 0);
});
