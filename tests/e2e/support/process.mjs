import { spawn } from "node:child_process";

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

/** Every child that still runs, so that none outlives this process. @type {Set<ChildProcess>} */
const running = new Set();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    // Another listener stops the children in an orderly way.
    if (process.listenerCount(signal) === 1) process.exit(1);
  });
}

/**
 * Starts a program and keeps what it prints, for the message of a failure.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ name: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
export function start(program, args, { name, cwd, env }) {
  const child = spawn(program, args, {
    cwd,
    // Some programs end with their standard input: it is held open.
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of /** @type {const} */ (["stdout", "stderr"])) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text) => {
      output[stream] += text;
    });
  }
  running.add(child);
  let failure = "";
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.once("error", (error) => {
      failure = `${name} could not be started: ${error.message}`;
      running.delete(child);
      resolve();
    });
    child.once("exit", (code, signal) => {
      failure = `${name} ended (${signal ?? code})\n${output.stdout}${output.stderr}`;
      running.delete(child);
      resolve();
    });
  });

  return {
    child,
    output,
    ended,

    /**
     * What `look` finds once it finds something; fails when the program ends before, or takes too long.
     *
     * @template T
     * @param {() => T | undefined} look
     * @param {string} what
     * @param {number} [timeout] in milliseconds
     * @returns {Promise<T>}
     */
    async until(look, what, timeout = 60_000) {
      const deadline = Date.now() + timeout;
      for (;;) {
        const found = look();
        if (found !== undefined) return found;
        if (failure) throw new Error(failure);
        if (Date.now() > deadline) {
          throw new Error(`${name}: no ${what} within ${timeout} ms\n${output.stderr}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },

    /** Asks the program to end, and makes it after five seconds. Returns its exit code. */
    async stop() {
      if (running.has(child)) {
        child.kill("SIGTERM");
        const insist = setTimeout(() => child.kill("SIGKILL"), 5_000);
        await ended;
        clearTimeout(insist);
      }
      return child.exitCode;
    },
  };
}
