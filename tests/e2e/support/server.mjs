import { existsSync } from "node:fs";
import { targetDir } from "./paths.mjs";
import { start } from "./process.mjs";

/**
 * Starts the reference server on a port of its own.
 *
 * @param {object} [options]
 * @param {string} [options.store] `memory`, or the URL of a nats-server
 * @param {string[]} [options.apiKeys] `KEY`, or `KEY:read`; none lets everyone in
 * @param {string[]} [options.allowOrigins] origins beside the loopback ones
 * @param {string} [options.staticDir] a folder to serve at `/`
 * @param {string} [options.watchVersions] the versions of the watch: `1`, or `1,2`
 * @param {string} [options.listen] an address; by default a free port on 127.0.0.1
 */
export async function startServer({
  store = "memory",
  apiKeys = [],
  allowOrigins = [],
  staticDir,
  watchVersions,
  listen = "127.0.0.1:0",
} = {}) {
  const program = process.env.IRONFLOW_SERVER || `${targetDir}/debug/ironflow-server`;
  if (!existsSync(program)) {
    throw new Error(`there is no ${program}: run "cargo build -p ironflow-server" first`);
  }
  const args = ["--listen", listen, "--store", store];
  for (const key of apiKeys) args.push("--api-key", key);
  for (const origin of allowOrigins) args.push("--allow-origin", origin);
  if (staticDir) args.push("--static", staticDir);
  if (watchVersions) args.push("--watch-versions", watchVersions);

  const server = start(program, args, { name: "ironflow-server" });
  const url = await server.until(
    () => /^listening on (http:\/\/\S+)$/m.exec(server.output.stdout)?.[1],
    "address",
  );
  return {
    url,
    /** The number of its process. */
    pid: server.child.pid,
    /** Settles when the process has exited. */
    ended: server.ended,
    /** What it has logged so far. */
    log: () => server.output.stderr,
    /** Ends it, and gives its exit code. */
    stop: () => server.stop(),
    /** Sends it a signal, e.g. SIGKILL or SIGSTOP, to see what its clients make of that. */
    signal: (/** @type {NodeJS.Signals} */ name) => server.child.kill(name),
  };
}
