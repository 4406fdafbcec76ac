import { packageDir } from "./paths.mjs";
import { start } from "./process.mjs";

/**
 * Starts the development server of the built package on a free port.
 *
 * @param {string[]} args
 */
export async function startDevServer(...args) {
  const command = [`${packageDir}/dev/cli.cjs`, "dev", "--port", "0", ...args];
  const server = start(process.execPath, command, { name: "the development server" });
  const url = await server.until(
    () => /^listening on (http:\/\/\S+)$/m.exec(server.output.stdout)?.[1],
    "address",
  );
  return { url, stop: () => server.stop() };
}
