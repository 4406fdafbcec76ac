// The behaviour of the public API, as cases that run in a browser and under Node alike, on every
// backend.

import { client } from "./client.js";
import { clock } from "./clock.js";
import { conditionalRemoves } from "./conditional-removes.js";
import { connection } from "./connection.js";
import { contention } from "./contention.js";
import { createContext } from "./context.js";
import { decoding } from "./decoding.js";
import { delivery } from "./delivery.js";
import { errorSubjects } from "./error-subjects.js";
import { errors } from "./errors.js";
import { features } from "./features.js";
import { feeds } from "./feeds.js";
import { handles } from "./handles.js";
import { history } from "./history.js";
import { keepalive } from "./keepalive.js";
import { keyTtl } from "./key-ttl.js";
import { keys } from "./keys.js";
import { memory } from "./memory.js";
import { modify } from "./modify.js";
import { modifyDeletes } from "./modify-deletes.js";
import { modifyRequests } from "./modify-requests.js";
import { mutatingViews } from "./mutating-views.js";
import { optionShapes } from "./option-shapes.js";
import { page } from "./page.js";
import { patternHints } from "./pattern-hints.js";
import { reading } from "./reading.js";
import { refusedValues } from "./refused-values.js";
import { retrying } from "./retrying.js";
import { survivingViews } from "./surviving-views.js";
import { values } from "./values.js";
import { views } from "./views.js";
import { watching } from "./watching.js";
import { writeIds } from "./write-ids.js";

/** @type {Record<string, import("./context.js").Cases>} */
export const suites = {
  page,
  values,
  refusedValues,
  keys,
  patternHints,
  errors,
  errorSubjects,
  client,
  optionShapes,
  handles,
  features,
  conditionalRemoves,
  writeIds,
  keepalive,
  modify,
  modifyRequests,
  modifyDeletes,
  reading,
  history,
  keyTtl,
  decoding,
  memory,
  retrying,
  clock,
  watching,
  views,
  mutatingViews,
  survivingViews,
  feeds,
  delivery,
  connection,
  contention,
};

/** How long a case may take, in milliseconds: a hang is to be a failure with a name. */
const LIMIT = 60_000;
const LIMITS = new Map([["contention", 240_000]]);

/** @param {Promise<void>} running @param {number} limit */
function within(running, limit) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`not over within ${limit / 1000} s`));
    const timer = setTimeout(late, limit);
    running.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Runs one case.
 *
 * @param {string} suite
 * @param {string} name
 * @param {import("./context.js").Given} given
 */
export async function runCase(suite, name, given) {
  const run = suites[suite]?.[name];
  if (!run) throw new Error(`there is no case "${name}" in the suite "${suite}"`);
  const t = createContext(given);
  try {
    await within(run(t), LIMITS.get(suite) ?? LIMIT);
  } finally {
    await t.cleanUp();
  }
}

/**
 * Runs all cases of a suite; throws a report that names every case that failed.
 *
 * @param {string} suite
 * @param {import("./context.js").Given} given
 */
export async function run(suite, given) {
  const cases = Object.keys(suites[suite] ?? {});
  if (cases.length === 0) throw new Error(`there is no suite "${suite}"`);
  const failures = [];
  for (const name of cases) {
    try {
      await runCase(suite, name, given);
    } catch (error) {
      failures.push(`✗ ${name}\n${describe(error)}`);
    }
  }
  if (failures.length > 0) {
    const heading = `${suite}: ${failures.length} of ${cases.length} cases failed`;
    throw new Error([heading, ...failures].join("\n\n"));
  }
  return { suite, passed: cases.length };
}

/** @param {any} error */
function describe(error) {
  if (typeof error?.stack !== "string") return String(error);
  // Only V8's stacks begin with the message.
  return error.stack.includes(error.message) ? error.stack : `${error}\n${error.stack}`;
}
