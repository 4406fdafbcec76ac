// Watches: frames from a real socket, and from one that the page itself fills.

import { type Audience, Counter, keysOf, makeFrames, recipientsOf, watches } from "./frames.js";
import { add } from "./report.js";
import { alternate, pace, type Subject, type Work } from "./rounds.js";
import { openSockets, type StubSocket, stubFetch, stubSockets } from "./stubs.js";

const SUBJECTS: Subject[] = ["bare", "plain", "sdk"];

const SIZES = [1, 10, 100, 1_000, 10_000];

const BUCKET_INFO =
  '{"name":"b","values":0,"bytes":0,"history":1,"created_at":"2026-02-22T10:00:00Z"}';
const NO_KEYS = '{"keys":[],"count":0}';

/** CPU of an event, from the socket's listener to the last callback. */
export async function measureFrames() {
  const undo = [
    stubSockets(),
    stubFetch((url) => (/\/keys(\?|$)/.test(url) ? NO_KEYS : BUCKET_INFO)),
  ];
  for (const watchers of SIZES.slice(0, -1)) {
    add("frames.shared", await stubbed({ watchers, of: "user.>" }), watchers);
  }
  for (const watchers of SIZES) {
    add("frames.exact", await stubbed({ watchers, of: "a key each" }), watchers);
  }
  for (const restore of undo) restore();
}

async function stubbed(audience: Audience) {
  const works: Partial<Record<Subject, Work<string[]>>> = {};
  const stops: (() => void)[] = [];
  for (const subject of SUBJECTS) {
    const counter = new Counter();
    const watching = watches[subject]("http://kv.example.com:9123", audience, counter.receive);
    const [socket] = await Promise.all([openSockets(), watching.ready]);
    stops.push(watching.stop);
    works[subject] = {
      prepare: (count) => makeFrames(count, keysOf(audience)),
      run: (_, frames) => deliver(socket, frames, counter, recipientsOf(audience)),
    };
  }
  const samples = await alternate(works, pace(25, 12, 20_000));
  for (const stop of stops) stop();
  return samples;
}

function deliver(socket: StubSocket, frames: string[], counter: Counter, recipients: number) {
  const before = counter.count;
  for (const data of frames) socket.onmessage?.({ data, isTrusted: true });
  const received = counter.count - before;
  if (received !== frames.length * recipients) throw new Error(`${received} events received`);
}

/** The same over a socket, from the first frame's being asked for to the last callback. */
export async function measureSockets() {
  add("sockets.shared", await socketed({ watchers: 1, of: "user.>" }), 1);
  add("sockets.shared", await socketed({ watchers: 100, of: "user.>" }), 100);
  add("sockets.exact", await socketed({ watchers: 10_000, of: "a key each" }), 10_000);
}

async function socketed(audience: Audience) {
  const works: Partial<Record<Subject, Work>> = {};
  const stops: (() => void)[] = [];
  for (const subject of SUBJECTS) {
    const counter = new Counter();
    const server = `${location.origin}/feeds/${subject}`;
    const watching = watches[subject](server, audience, counter.receive);
    await watching.ready;
    stops.push(watching.stop);
    works[subject] = {
      async run(count) {
        const all = counter.more(count * recipientsOf(audience));
        await fetch(`${server}/send?count=${count}&keys=${keysOf(audience)}`, { method: "POST" });
        await all;
      },
    };
  }
  const samples = await alternate(works, pace(21, 150, 10_000));
  for (const stop of stops) stop();
  return samples;
}
