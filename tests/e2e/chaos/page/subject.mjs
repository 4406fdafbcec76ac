/**
 * Runs in the page: watchers of the package, or of another client with the same API, and the log of their events.
 *
 * @typedef {import("../ledger.mjs").WatcherEvent} WatcherEvent
 *
 * @typedef {object} Wanted
 * @property {string} name
 * @property {string} client by name: watchers of one client may share a connection
 * @property {string} bucket
 * @property {string | string[]} [key]
 * @property {boolean} [initial]
 * @property {boolean} [iterate] asynchronously, instead of by callbacks
 */

/** Which client it is, and how it is configured. */
const query = new URLSearchParams(location.search);
const { createClient } = await import(query.get("client") ?? "");
const { tokenUrl, ...config } = JSON.parse(query.get("config") ?? "{}");

/** The token that the server accepts at the moment. */
async function token() {
  const response = await fetch(tokenUrl, { signal: AbortSignal.timeout(2_000) });
  return response.text();
}

/** @type {[string, WatcherEvent][]} */
let log = [];
/** @type {Map<string, any>} */
const clients = new Map();
/** @type {Map<string, { of: string, watcher: { stop(): void }, controller: AbortController }>} */
const watchers = new Map();
/** @type {Map<string, any>} */
const views = new Map();

/** @param {string} name */
function client(name) {
  const auth = tokenUrl ? { auth: { token } } : {};
  const made = clients.get(name) ?? createClient({ ...config, ...auth, logger: false });
  clients.set(name, made);
  return made;
}

/** @param {any} event @returns {WatcherEvent} */
const update = ({ key, revision, operation, value, resynced = false }) => ({
  what: "update",
  ...{ key, revision, operation, value: atob(value), resynced },
});

/** @param {any} error @returns {WatcherEvent} */
const problem = ({ code, message, retryable }) => ({
  what: "error",
  code: code ?? message,
  retryable: retryable === true,
});

/** Starts a watcher. @param {Wanted} wanted */
export function start({ name, client: of, bucket, key, initial, iterate }) {
  const note = (/** @type {WatcherEvent} */ event) => log.push([name, event]);
  const controller = new AbortController();
  const { signal } = controller;
  const options = { key, initial, signal };
  const handle = client(of).kv().bucket(bucket);
  const watcher = iterate
    ? handle.watch(options)
    : handle.watch(
        {
          onUpdate: (/** @type {unknown} */ event) => note(update(event)),
          onError: (/** @type {unknown} */ error) => note(problem(error)),
          onReady: () => note({ what: "ready" }),
          onStateChange: (/** @type {string} */ state) => note({ what: "state", state }),
          onClose: () => note({ what: "closed" }),
        },
        options,
      );
  if (iterate) follow(watcher, note);
  watchers.set(name, { of, watcher, controller });
}

/** @param {any} watcher @param {(event: WatcherEvent) => void} note */
async function follow(watcher, note) {
  watcher.ready.then(
    () => note({ what: "ready" }),
    () => {},
  );
  try {
    for await (const event of watcher) note(update(event));
  } catch (error) {
    note(problem(error));
  }
  note({ what: "closed" });
}

/** Does what ends some watchers. @param {string[]} names @param {() => void} act */
function ending(names, act) {
  for (const name of names) log.push([name, { what: "stopping" }]);
  act();
  for (const name of names) log.push([name, { what: "stopped" }]);
}

/** Ends a watcher. @param {string} name @param {"stop" | "abort"} how */
export function stop(name, how) {
  ending([name], () => {
    if (how === "stop") watchers.get(name)?.watcher.stop();
    else watchers.get(name)?.controller.abort();
  });
}

/** Ends every watcher of a client. @param {string} name */
export function disconnect(name) {
  const names = [...watchers].filter(([, { of }]) => of === name).map(([watcher]) => watcher);
  ending(names, () => client(name).disconnect());
}

/** Opens a view. @param {string} name of it @param {string} of the client @param {string} bucket */
export function view(name, of, bucket) {
  views.set(name, client(of).kv().bucket(bucket).view());
}

/** What a view shows. @param {string} name */
export function shown(name) {
  const snapshot = views.get(name).getSnapshot();
  return {
    status: snapshot.status,
    entries: snapshot
      .entries()
      .map((/** @type {any} */ entry) => [
        entry.key,
        { revision: entry.revision, value: entry.text() },
      ]),
  };
}

/** What was logged since the last time. */
export function drain() {
  const drained = log;
  log = [];
  return drained;
}

Object.assign(globalThis, { subject: { start, stop, disconnect, view, shown, drain } });
