/**
 * The faults of a run, as they follow from its seed.
 *
 * @typedef {import("./fault-proxy.mjs").Fault} Fault
 * @typedef {import("./gateway.mjs").GatewayFault} GatewayFault
 * @typedef {import("./random.mjs").Random} Random
 * @typedef {import("./world.mjs").Backend} Backend
 *
 * A blow to the world beside what the proxy does.
 * @typedef {{ kind: "restart-server" | "restart-nats", signal: NodeJS.Signals }} Restart
 * @typedef {{ kind: "freeze-server" | "offline" | "hide-page" | "freeze-page", hold: number }} Pause
 * @typedef {{ kind: "recreate-bucket", hold: number }} Recreation after `hold` milliseconds without the bucket
 * @typedef {Fault | GatewayFault | Restart | Pause | Recreation} Blow
 *
 * @typedef {{ after: number, blow: Blow }} Step `after`: milliseconds after the one before
 */

/** @typedef {Blow["kind"]} Kind */

/** In this proportion. @type {Kind[]} */
const EVERYWHERE = [
  ...["cut", "cut", "refuse", "refuse", "stall", "tear", "tear", "tear", "half-open", "half-open"],
  ...["black-hole", "black-hole", "slow", "freeze-server", "offline", "hide-page", "freeze-page"],
  ...["hang-handshake", "rate-limit", "rate-limit", "expire-token", "refuse-pattern"],
  ...["refuse-pattern", "recreate-bucket"],
].map((kind) => /** @type {Kind} */ (kind));

/** A server in memory forgets its buckets: restarting it is a matter of its own. @type {Record<Backend, Kind[]>} */
const DECKS = {
  memory: EVERYWHERE,
  nats: [...EVERYWHERE, "restart-server", "restart-nats"],
};

/** Connections that a fault is about. The next one is where lists and handshakes are met. */
const SCOPES = /** @type {const} */ (["all", "one", "one", "sockets", "next", "next"]);

/** @param {Kind} kind @param {Random} random */
function scopeOf(kind, random) {
  if (kind === "black-hole") return random.pick(/** @type {const} */ (["sockets", "one", "next"]));
  return random.pick(kind === "cut" ? SCOPES.slice(0, 4) : SCOPES);
}

/** @param {Kind} kind @param {Random} random @returns {Blow} */
function blow(kind, random) {
  switch (kind) {
    case "restart-server":
    case "restart-nats":
      return { kind, signal: random.pick(["SIGKILL", "SIGTERM"]) };
    case "freeze-server":
    case "offline":
      return { kind, hold: random.between(50, 500) };
    case "hide-page":
    case "freeze-page":
      return { kind, hold: random.between(100, 1_000) };
    case "recreate-bucket":
      return { kind, hold: random.between(0, 300) };
    case "hang-handshake":
    case "rate-limit":
    case "expire-token":
    case "refuse-pattern":
      return {
        kind,
        chosen: random.fraction(),
        hold: random.between(100, 800),
        status: random.pick([429, 503]),
        retryAfter: random.pick([undefined, undefined, 0, 1]),
        closes: random.pick([true, true, false]),
      };
    default:
      return {
        kind,
        scope: scopeOf(kind, random),
        chosen: random.fraction(),
        hold: random.between(100, 1_500),
        bytes: kind === "slow" ? random.between(5, 200) : random.between(1, 4_000),
        to: random.pick(["client", "client", "server"]),
      };
  }
}

/**
 * A storm: every kind of blow comes about as often as its share of the deck, in any order.
 *
 * @param {Random} random
 * @param {Backend} backend
 * @param {number} count
 * @returns {Step[]}
 */
export function storm(random, backend, count) {
  /** @type {Kind[]} */
  let deck = [];
  return Array.from({ length: count }, () => {
    if (deck.length === 0) deck = [...DECKS[backend]];
    const [kind] = deck.splice(random.between(0, deck.length - 1), 1);
    return { after: random.between(20, 500), blow: blow(kind ?? "cut", random) };
  });
}

/** @param {Blow} blow */
export function describe(blow) {
  const { kind, ...rest } = blow;
  return `${kind} ${JSON.stringify(rest)}`;
}
