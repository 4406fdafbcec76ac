// The page: does the part of the benchmarks that its address names, and posts what it found.

import { measureFrames, measureSockets } from "./feed-parts.js";
import { measureHeap } from "./heap-part.js";
import { measureMutate } from "./mutate-part.js";
import { measureOutbox } from "./outbox-part.js";
import { measurePeers } from "./peer-part.js";
import { measurePersisted } from "./persisted-part.js";
import { measurePlatform } from "./platform-part.js";
import { send } from "./report.js";
import { measureCpu, measureRequests } from "./request-parts.js";
import { measureResume } from "./resume-part.js";
import { measureListing, measureStore, measureViews } from "./store-parts.js";

const parts: Record<string, () => Promise<unknown>> = {
  platform: measurePlatform,
  cpu: measureCpu,
  requests: measureRequests,
  frames: measureFrames,
  sockets: measureSockets,
  store: measureStore,
  listing: measureListing,
  views: async () => {
    await measureViews();
    await measureMutate();
  },
  persisted: measurePersisted,
  outbox: measureOutbox,
  peers: measurePeers,
  resume: measureResume,
  heap: measureHeap,
};

const name = new URLSearchParams(location.search).get("part") ?? "";
try {
  const part = parts[name];
  if (!part) throw new Error(`there is no part ${name}`);
  const more = await part();
  await send({ more });
} catch (error) {
  await send({
    error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
  });
}
