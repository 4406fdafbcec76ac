// Work that is to be compared, done in alternation: round by round a batch of each, in an order that
// moves on, so that whatever else the machine does meets all of them alike.

/** Who does the work: the platform alone, the plain client, the SDK. */
export type Subject = "bare" | "plain" | "sdk";

/** Some work others do too: the client of NATS, or the SDK on version 1 of the watch. */
export type Contender = Subject | "nats" | "v1";

/** Does so many units of work; what `prepare` gave for it is not part of the time. */
export interface Work<P = unknown> {
  prepare?(count: number): P;
  run(count: number, prepared: P): unknown;
}

/** Microseconds for a unit of work, a number a round; at the same place, of the same round. */
export type Samples = Partial<Record<Contender, number[]>>;

export interface Pace {
  rounds: number;
  /** How long a batch is to take at least, in milliseconds. */
  batch: number;
  /** The most units in a batch. */
  most?: number;
}

const query = new URLSearchParams(location.search);
export const isQuick = query.get("quick") === "1";

/** The usual pace, or a few short rounds to check that the benchmark works. */
export const pace = (rounds: number, batch: number, most?: number): Pace =>
  isQuick ? { rounds: Math.min(rounds, 5), batch: batch / 4, most } : { rounds, batch, most };

async function time(work: Work, count: number): Promise<number> {
  const prepared = work.prepare?.(count);
  const start = performance.now();
  const running = work.run(count, prepared);
  if (running instanceof Promise) await running;
  return performance.now() - start;
}

/** How long work is done before it counts, in batches: loading, compiling and the first growth are over. */
const WARM_UP = 8;

/** How many units make a batch. */
async function calibrate(work: Work, { batch, most = 1 << 20 }: Pace): Promise<number> {
  let count = 1;
  for (let warm = 0; ; ) {
    const took = await time(work, count);
    warm += took;
    if (warm >= batch * WARM_UP && (took >= batch || count >= most)) return count;
    const wanted = (count * batch * 1.2) / Math.max(took, batch / 100);
    count = Math.max(1, Math.min(Math.ceil(wanted), most));
  }
}

export async function alternate(
  works: Partial<Record<Contender, Work>>,
  pace: Pace,
): Promise<Samples> {
  const entries = Object.entries(works) as [Contender, Work][];
  const counts = new Map<Contender, number>();
  for (const [subject, work] of entries) counts.set(subject, await calibrate(work, pace));
  const samples: Samples = {};
  for (const [subject] of entries) samples[subject] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const shift = round % entries.length;
    for (const [subject, work] of [...entries.slice(shift), ...entries.slice(0, shift)]) {
      const count = counts.get(subject) ?? 1;
      const took = await time(work, count);
      samples[subject]?.push((took * 1000) / count);
    }
  }
  return samples;
}

/** What does the same thing so many times, one after the other. */
export function each(once: () => Promise<unknown>): Work {
  return {
    async run(count) {
      for (let n = 0; n < count; n += 1) await once();
    },
  };
}
