import { rate } from "./load.mjs";
import { bytes, digits, time } from "./statistics.mjs";
import { table } from "./tables.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

// The plan, and the machine it assumes.
const BROWSERS = 1e6;
const EVENTS = 1;
const RECIPIENTS = 1000;
const RETURN = 60;
const CORES = 16;
const MEMORY = 64e9;
const SOCKETS = 1000;

/** A link to where a number comes from. @param {string} words @param {string} heading */
const from = (words, heading) => `[${words}](../../BENCHMARKS.md#${heading})`;

/**
 * The text of SCALE.md.
 *
 * @param {Results} results
 */
export function scale(results) {
  const { samples } = results.row("load.bytes", SOCKETS);
  const socketBytes = samples.nats?.[0] ?? Number.NaN;
  /** @param {string} id @param {string} party @param {number} size */
  const cpu = (id, party, size) => results.median(`load.${id}`, party, size);
  const delivered = cpu("cpu.fan_out", "nats", SOCKETS);
  const behind = cpu("behind.fan_out", "nats", 1);
  const clients = results.row("reconnecting.took").size ?? Number.NaN;
  /** What a client costs that reconnects with a watch for each of its keys. @param {string} what */
  const reconnecting = (what) => results.median(`reconnecting.${what}`, "keys");
  const returns = { server: reconnecting("server"), nats: reconnecting("nats") };
  const get = cpu("cpu.get", "nats", 8);
  const getBehind = cpu("behind.get", "nats", 8);
  const put = cpu("cpu.put", "nats", 8);
  const putBehind = cpu("behind.put", "nats", 8);

  const event = results.median("frames.shared", "sdk", 1);
  const frame = results.median("sockets.shared", "sdk", 1);
  const view = {
    size: results.row("heap.js.view").size ?? Number.NaN,
    bytes: results.median("heap.js.view", "sdk") + results.median("heap.wasm.view", "sdk"),
  };
  const watchers =
    results.median("heap.js.watchers", "sdk") + results.median("heap.wasm.watchers", "sdk");
  const built = results.row("resume.build");
  const resumed = results.median("resume.time", "sdk");

  // What a million browsers ask for.
  const returning = BROWSERS / RETURN;
  const memory = BROWSERS * socketBytes;
  const delivering = (BROWSERS * EVENTS * delivered) / 1e6;
  const servers = Math.ceil(Math.max(delivering / CORES, memory / MEMORY));
  const changes = (BROWSERS * EVENTS) / RECIPIENTS;
  const loads = [
    {
      what: "delivering events, ironflow-server",
      cores: delivering,
      how: `${digits(BROWSERS * EVENTS)} a second × ${time(delivered)}`,
    },
    {
      what: "delivering events, nats-server",
      cores: (changes * servers * behind) / 1e6,
      how: `${digits(changes)} changes a second × ${servers} ${servers === 1 ? "server" : "servers"} × ${time(behind)}, the write included`,
    },
    {
      what: "reconnecting, ironflow-server",
      cores: (returning * returns.server) / 1e6,
      how: `${digits(returning)} clients a second × ${time(returns.server)}`,
    },
    {
      what: "reconnecting, nats-server",
      cores: (returning * returns.nats) / 1e6,
      how: `${digits(returning)} clients a second × ${time(returns.nats)}`,
    },
  ].sort((a, b) => b.cores - a.cores);
  const [first] = loads.filter(({ what }) => what.endsWith("nats-server"));
  const reach = (BROWSERS * CORES) / (first?.cores ?? Number.NaN);

  return `# How far it goes

Written by \`make bench\` with [BENCHMARKS.md](../../BENCHMARKS.md): every number is measured there, or computed here from one that is.
What is not measured is said to be assumed.

## One tab

- It takes an event in ${time(event)} of ${from("its own CPU", "events-of-a-watch")}, but a frame from a real socket in ${time(frame)}: the browser,
  not the SDK, ends at ${rate(frame)}. A tenth of that is ${rate(frame * 10)}, which leaves the page to its user.
- 10,000 watchers of a key each take ${from(bytes(watchers), "memory")} and one socket.
- A view of ${view.size.toLocaleString("en")} keys takes ${bytes(view.bytes)}, the store in memory that it was measured on included. Over the network a
  view of ${(built.size ?? 0).toLocaleString("en")} keys is complete after ${from(time(results.median("resume.build", "sdk", built.size)), "beside-the-client-of-nats")}, and ${time(resumed)} after a cut in which 50 of them changed, without a
  request. What breaks first in a tab is therefore its memory.

## One server

The reference server on JetStream; a core of the machine of the benchmarks does

${table(
  ["", "CPU of ironflow-server", "a core", "CPU of nats-server behind it"],
  [
    ["`put`", time(put), rate(put), time(putBehind)],
    ["`get`", time(get), rate(get), time(getBehind)],
    [
      "an event delivered to a socket",
      time(delivered),
      rate(delivered),
      `${time(behind)} an event, for all sockets`,
    ],
  ],
)}

(${from("measured", "the-reference-server")} with 8 clients and with ${SOCKETS.toLocaleString("en")} sockets). An idle socket takes ${bytes(socketBytes)}, so ${MEMORY / 1e9} GB
hold ${digits(MEMORY / socketBytes / 1e6)} million of them, what the kernel keeps of each not counted; descriptors and ports of the system are assumed to be raised as
far. A slow watcher is bounded: its mailbox keeps the newest revision of
each key, and ends the watch beyond 64 MiB.

## One NATS cluster

A bucket is a stream, a stream has one leader, and the leader serves its reads, its writes and its consumers: three servers make a bucket
safer, not faster. Buckets spread over the servers of a cluster; one bucket ends where one machine does. With ${CORES} cores
(assumed to scale as one does; not measured) that is ${digits((CORES * 1e6) / putBehind)} puts a second, or ${digits((CORES * 1e6) / getBehind)} gets.

A stream takes a thousand consumers at most (nats-server 2.15.1 refuses the next; a test holds the server to more watchers than
that). An ironflow-server therefore follows a bucket with one consumer and delivers its messages to all watchers: JetStream's part of an
event is the same for one socket and for thousands.

## Reconnecting

${clients.toLocaleString("en")} clients of 200 keys each were cut off and reconnected at once (${from("measured", "the-reference-server")}), with a watch for each key:
${reconnecting("handshakes").toLocaleString("en")} handshakes, ${reconnecting("requests").toLocaleString("en")} HTTP requests, and ${reconnecting("messages").toFixed(1)} requests to NATS a client. A client took ${time(returns.server)} of CPU of
ironflow-server and ${time(returns.nats)} of nats-server; after ${time(reconnecting("took"))} each had received what it missed, all of them
and the servers on one machine.

## A million browsers

Assumed: each watches 200 keys of one bucket and receives ${EVENTS} event a second, each change is delivered to ${RECIPIENTS.toLocaleString("en")} of them, and after a failure all reconnect within ${RETURN} seconds, each at the price
measured above.

${table(
  ["", "cores", "how"],
  loads.map(({ what, cores, how }) => [what, digits(cores), how]),
)}

and ${digits(memory / 1e9)} GB for the sockets (${digits(BROWSERS)} × ${bytes(socketBytes)}), beside what the kernel keeps of them, which is not measured; a machine is assumed to have ${MEMORY / 1e9} GB.

What ironflow-server needs can be bought: it keeps nothing, so one puts more of them side by side. What nats-server needs for one bucket
cannot, as it falls on one leader. So the first to break is **${first?.what}**: ${digits(first?.cores ?? 0)} cores, where a machine has ${CORES}. One bucket
reaches about ${digits(reach)} browsers at this rate.

What it would take, in this order:

1. Fewer questions at a reconnect: where nothing changed since the revision that a client knows, the server could respond from the
   last revision that its own consumer has seen.
2. Reconnecting spread over more than ${RETURN} seconds: the client's backoff has full jitter, up to 30 s by default.
3. Several buckets instead of one, so that leaders spread over the cluster.
4. If a server has no watchers of most changes of a bucket, a consumer for a part of the bucket instead of the whole.
`;
}
