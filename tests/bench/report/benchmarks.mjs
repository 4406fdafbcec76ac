import { processors, sockets, throughput } from "./load.mjs";
import * as peers from "./peers.mjs";
import * as tables from "./tables.mjs";
import { targets, verdicts } from "./targets.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

/**
 * The text of BENCHMARKS.md.
 *
 * @param {{ date: string, versions: Record<string, string>, machine: string }} found
 * @param {Results} results
 */
export function benchmarks({ date, versions, machine }, results) {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const all = verdicts(results);
  const met = all.filter((verdict) => verdict.met).length;
  return `# Benchmarks

Written by \`make bench\` on ${date.slice(0, 10)}; every number and every verdict comes from what it measured.

${tools.join(", ")}. ${machine}.

Three do the same work: **bare**, the platform alone (\`fetch\`; a WebSocket, \`JSON.parse\` and a Map of callbacks; a Map of JSON texts);
**plain**, a client of the same wire in plain TypeScript ([tests/bench/plain](tests/bench/plain)), with typed errors, time limits,
one socket for all watches of a bucket and reconnecting, but without retries, without a resync after the
socket was lost, and without views; and the **SDK**, the package as it is published, minified into the page. The plain client's store in memory is a Map with the rules of
a bucket.

They take turns, round by round. What counts are the ratios: each is the median of the rounds' ratios, with what the
middle half of them lies between. The times beside them are medians, of this machine under this load; they say what the ratios
are of. The browser is a headless Chromium without the debugging protocol, which tests use and which slows its network
down.

## Targets: ${met} of ${all.length} met

${targets(all)}

## Requests to a server

The reference server on memory, on the same machine, which serves the page too. A request takes milliseconds in the browser's own
processes, so differences of a few per cent are not significant here.

${tables.operations(results, "requests")}

The client's own part, where \`fetch\` answers at once:

${tables.operations(results, "cpu")}

What the platform asks for the things that requests and events are made of:

${tables.platform(results)}

## Beside the client of NATS

nats.js (\`@nats-io/kv\`) in the same page, connected to the WebSocket of the nats-server that the reference server
stores in: the same bucket, without a server in between and without HTTP. It needs NATS open to browsers, its own credentials
for each user, and sends no request for a write or read but a message on one connection.

${peers.operations(results)}

A copy of a bucket: a view of the SDK on each version of the watch, and a Map kept by a watch of nats.js. Each has its own connection,
which is cut while 50 keys change. It is asked to reconnect when the network is back (nats.js tries every 10 ms).

${peers.resume(results)}

${peers.requests(results)}

## Events of a watch

A frame of about 150 bytes, from the socket's listener to the last callback; the page itself plays the socket:

${tables.events(results, "frames")}

Over a real socket, as fast as the page takes them. Beside the browser's own share little else shows:

${tables.events(results, "sockets")}

## Start

From the import to the first answer of a server on the same machine, in a page that has settled: it has rested for 600 ms after it was loaded.
Cold: a browser with a new profile that has never seen the code. Warm: the same browser later, the code in its caches. A
browser of its own for each, in turn.

${tables.start(results)}

Where the time goes:

${tables.trace(results)}

## In memory

\`transport: "memory"\` through the public API:

${tables.memory(results)}

A view of the store in memory. The plain client's is a Map that is filled by hand and kept by a watch:

${tables.views(results)}

Writes of an [outbox](docs/views-and-offline.md#offline-writes) in IndexedDB, on the reference server on memory:

${peers.outbox(results)}

The index of the store on the host, beside a scan over everything:

${tables.index(results)}

## How it grows

![Time against the number of keys or watchers](tests/bench/growth.svg)

## Memory

What a page holds more than before, after a garbage collection. The SDK's share holds its code, from the first operation on. WebAssembly's memory grows and
never shrinks.

${tables.heap(results)}

## Bytes

What each entry adds to an application, bundled by esbuild:

${tables.entries(results)}

What peers add, bundled the same way, with what an application imports of them:

${peers.weights(results)}

They do not do the same: \`idb-keyval\` is a store in the browser, \`partysocket\` a socket that reconnects, the others are clients of a
server of their own, with queries, presence or documents that merge. Where our bytes are:
[docs/webassembly-size.md](docs/webassembly-size.md).

## The reference server

Under load, on memory and on JetStream, JetStream alone by async-nats, and **echo**, which responds and sends frames on the
same HTTP stack without a store; 100-byte values. A stream with one replica is read by direct gets, with and without the server. A fan-out is delivered to all
sockets, each on its own connection. Clients, servers and nats-server share the machine, so the rates are what all of them
reach together; what a process asks of the processors is counted by the kernel.

${throughput(results)}

CPU of an operation, or of one event delivered to one socket:

${processors(results)}

Memory of an idle watch:

${sockets(results)}

Clients of the package in Node that reconnect at once, each with a connection of its own and 200 keys, of which one changed during the
cut; the requests to NATS are the messages that nats-server counts:

${peers.reconnecting(results)}

What follows from these numbers for many browsers: [tests/bench/SCALE.md](tests/bench/SCALE.md).
`;
}
