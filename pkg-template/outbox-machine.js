// Decides what is done with a write of the outbox: `next` gives the next step, and `apply` what its result changes. Both
// are pure. A step that changes an entry is journaled before the step after it, so that a tab can end between any two.

/** The base of a write whose predecessor was not written: it has none, and is a conflict. */
export const LOST = null;

/** Whether both have the same bytes. */
const matchesBytes = ({ bytes }, other) =>
  bytes.length === other.bytes.length && bytes.every((byte, at) => byte === other.bytes[at]);

/** Whether it deletes its key. */
export const removes = ({ operation }) => /delete|purge/.test(operation);

/** Whether an error says that the server was not reached, so that a write is kept. */
export function isUnreached({ code, status, retryable }) {
  if (/50[234]/.test(status)) return true;
  // Without a status, a token could not be obtained: nothing was sent.
  if (status === undefined && code === "UNAUTHENTICATED") return true;
  return code === "TIMEOUT" || (code === "REQUEST_FAILED" && retryable === true);
}

/** Whether an error says something about the write itself, so that it is put aside. */
const isFinal = ({ code, status }) =>
  /UNSUPPORTED|VALIDATION/.test(code) ||
  (code !== "INVALID_RESPONSE" && /^4(?!01|03|08|29)|^50[17]$/.test(status));

/** When the TTL of a write ends, in epoch milliseconds. */
const end = ({ at, ttl }) => (ttl ? at + ttl * 1000 : Number.POSITIVE_INFINITY);

/** The TTL that is left, in whole seconds. */
export const ttlLeft = (entry, now) =>
  entry.ttl && Math.max(1, Math.ceil((end(entry) - now) / 1000));

/** Whether an entry waits for its turn; else it was put aside. */
export const isQueued = ({ error }) => error === undefined;

/** Whether an entry is of the server and environment that the client uses. */
export const isOf = (entry, { server, environment }) =>
  entry.server === server && entry.environment === environment;

/** What the entries have in common that are written in order. */
export const lineOf = ({ server, environment, bucket, key }) =>
  JSON.stringify([server, environment, bucket, key]);

/** The order in which entries are written. */
export const inOrder = (a, b) => a.seq - b.seq || (a.id < b.id ? -1 : 1);

/**
 * The next step of an entry; undefined: it waits. `world`: the `server` and `environment` of the client, the bucket's
 * `epoch` (undefined: not known yet, "": the server has none), whether the server takes write `ids`, and `now`. `memo`: what
 * this tab has learned about the entry since it began with it.
 *
 * - `info`: read the bucket's info, for `world`.
 * - `read`: read the key.
 * - `store`: journal the entry of the step.
 * - `send`: write, if the key's last revision is `base`; 0: if there is no entry, and if it is `strict`, no tombstone.
 * - `ask`: ask the application about a conflict.
 * - `finish`: nothing is left to do.
 */
export function next(entry, world, memo) {
  if (!isQueued(entry) || entry.after !== undefined || !isOf(entry, world)) return undefined;
  const { base, epoch, sent, blind } = entry;
  if (world.now >= end(entry)) return { kind: "finish", error: expired(entry) };
  if (world.epoch === undefined) return { kind: "info" };
  const recreated = Boolean(epoch && world.epoch && epoch !== world.epoch);
  const conflicts = base === LOST || recreated || memo.refused === true;
  const unknown = base === undefined && entry.operation !== "create";
  // It may have been carried out: the key may be missing because another client deleted it.
  const doubtful = sent && !base && !memo.first;
  if (conflicts || unknown || doubtful || (removes(entry) && base === 0)) {
    if (memo.theirs === undefined) return { kind: "read" };
    const known = resolve(entry, memo, conflicts);
    if (known) return known;
  }
  // Where the server does not verify ids, an attempt without an answer may have been carried out.
  if (!sent || (!world.ids && !blind)) {
    const attempt = { sent: true, blind: blind || !world.ids, epoch: world.epoch };
    return { kind: "store", entry: { ...entry, ...attempt } };
  }
  const send = { kind: "send", base: entry.operation === "create" ? 0 : base };
  return doubtful ? { ...send, strict: true } : send;
}

/** What follows from the server's entry, or its absence: false. */
function resolve(entry, { theirs, refused, unverified, first }, conflicts) {
  const done = removes(entry) ? theirs === false : theirs && matchesBytes(theirs, entry);
  if (done && (conflicts || entry.sent || (theirs && !entry.ttl))) {
    return { kind: "finish", revision: theirs ? theirs.revision : 0 };
  }
  if (removes(entry) && !theirs) {
    return { kind: "finish", error: { code: "HTTP_404", status: 404 } };
  }
  if (!conflicts && !theirs) {
    return entry.base === 0 ? undefined : { kind: "store", entry: { ...entry, base: 0 } };
  }
  // Only the refusal of an id says that no attempt was carried out: a browser may send a request twice by itself.
  const maybeApplied = unverified || (entry.sent && (entry.blind || !(first || refused)));
  return { kind: "ask", theirs, maybeApplied: Boolean(maybeApplied) };
}

/** The changes of a journal, and what is to be done besides. */
const changes = (given) => ({ put: [], remove: [], memo: {}, ...given });

/** An entry is over; `revision`: of its result, the base of the writes behind it, or `LOST`. */
function ended(entry, followers, revision, given) {
  const put = followers.map(({ after, ...follower }) =>
    follower.fixed ? follower : { ...follower, base: revision, epoch: entry.epoch },
  );
  return changes({ put, remove: [entry.id], ...given });
}

const written = (entry, followers, revision) =>
  // What is behind a merged write was made without what it was merged with. After a delete `create` succeeds,
  // whatever the marker's revision is.
  ended(entry, followers, entry.merged ? LOST : removes(entry) ? 0 : revision, {
    settle: { revision },
  });

/** Keeps an entry that will not be sent any more, for the application to see. */
function aside(entry, followers, error) {
  const { put } = ended(entry, followers, LOST);
  return changes({ put: [{ ...entry, error }, ...put], settle: { error } });
}

const conflictError = (maybeApplied) => ({
  code: "HTTP_412",
  status: 412,
  message: "the key was written meanwhile",
  ...(maybeApplied && { details: { maybeApplied } }),
});

/**
 * What the result of a step changes: the entries to `put` into the journal and the ids to `remove` from it, together; then the
 * result to `settle` the promise with, whether to `pause` (the error), and the new `memo`. `followers`: the entries
 * that wait for this one. `result` of each kind of step:
 *
 * - `info`: `{ error }`, or nothing.
 * - `read`: `{ theirs }`, false where the key is missing; or `{ error }`.
 * - `send`: `{ revision }` or `{ error }`.
 * - `ask`: `{ bytes, id }` to write these with a new write id, `{ remove: true, id }`, `{ drop: true }`, or `{ error }`;
 *   undefined: the application has no `onConflict`.
 */
export function apply(entry, memo, step, result, followers, world) {
  switch (step.kind) {
    case "store":
      // This is the first attempt: if it is answered, no other was carried out.
      return changes({ put: [step.entry], memo: { ...memo, first: memo.first ?? !entry.sent } });
    case "finish":
      if (!step.error) return written(entry, followers, step.revision);
      if (step.error.status) return aside(entry, followers, step.error);
      return ended(entry, followers, LOST, { settle: step });
    case "ask":
      return answered(entry, step, result, followers, world);
  }
  const { error } = result;
  if (!error) {
    if (step.kind !== "send") return changes({ memo: { ...memo, ...result } });
    return written(entry, followers, result.revision);
  }
  if (step.kind === "send" && error.status === 412) {
    // A strict write is another one than the attempts before it.
    const unverified = memo.unverified || step.strict || error.details?.maybeApplied === true;
    return changes({ memo: { ...memo, refused: true, unverified, theirs: undefined } });
  }
  const gone = step.kind === "send" && removes(entry) && error.status === 404;
  if (gone && !memo.first) return written(entry, followers, 0);
  if (isFinal(error)) return aside(entry, followers, error);
  const first = step.kind === "send" ? false : memo.first;
  return changes({ pause: error, memo: { ...memo, first, theirs: undefined } });
}

const expired = ({ sent }) => ({
  code: "EXPIRED",
  message: "the ttl was over",
  ...(sent && { details: { maybeApplied: true } }),
});

function answered(entry, { theirs, maybeApplied }, result, followers, world) {
  if (!result) return aside(entry, followers, conflictError(maybeApplied));
  if (result.error) return aside(entry, followers, result.error);
  if (result.drop) {
    return ended(entry, followers, LOST, { settle: { error: conflictError(maybeApplied) } });
  }
  if (result.remove && !theirs) return written({ ...entry, operation: "delete" }, followers, 0);
  const { id, remove } = result;
  const fresh = { writeId: id, sent: false, blind: false, epoch: world.epoch };
  const base = theirs ? theirs.revision : 0;
  const what = remove ? { operation: "delete" } : { operation: "put", bytes: result.bytes };
  const called = entry.called ?? entry.operation;
  const merged = remove ? !removes(entry) : removes(entry) || !matchesBytes(result, entry);
  return changes({
    put: [{ ...entry, ...fresh, ...what, called, base, merged: entry.merged || merged }],
  });
}

/**
 * The entry of a write that is about to be sent as the application called it. What is sent later has a condition, which
 * the server takes for another write.
 */
export function first(entry, ids) {
  const conditional = /create|update/.test(entry.operation) && !entry.ttl;
  return { ...entry, sent: true, blind: !(ids && conditional) };
}

/** The condition of the first attempt, as `base` of a step `send`; undefined: none. */
export function baseAsCalled({ operation, base }) {
  if (operation === "create") return 0;
  return operation === "update" ? base : undefined;
}

/**
 * What the result of this attempt changes. What did not reach the server is queued, if it can be; else `revision` or
 * `error` is the result.
 */
export function attempted(entry, { revision, error }, followers, { canRemove }) {
  if (!error) return written(entry, followers, revision);
  if (isUnreached(error) && (canRemove || !removes(entry))) return changes({ pause: error });
  return ended(entry, followers, LOST, { settle: { error } });
}

/** What changes where an entry is not to be sent. */
export const discarded = (entry, followers, error) =>
  ended(entry, followers, LOST, { settle: { error } });
