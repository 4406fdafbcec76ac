import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths.mjs";
import { start } from "./process.mjs";

/**
 * Starts a nats-server with JetStream, its data in a folder that goes with it.
 *
 * @param {object} [options]
 * @param {number} [options.port] by default one that is free
 */
export async function startNats({ port = -1 } = {}) {
  const program = process.env.NATS_SERVER || installedServer();
  const dir = mkdtempSync(join(tmpdir(), "ironflow-nats-"));
  const forget = () => rmSync(dir, { recursive: true, force: true });
  process.once("exit", forget);
  const config = join(dir, "nats.conf");
  writeFileSync(
    config,
    `
host: 127.0.0.1
port: ${port}
ports_file_dir: ${JSON.stringify(dir)}
max_payload: 2MB
jetstream { store_dir: ${JSON.stringify(join(dir, "data"))} }
`,
  );
  const server = start(program, ["-c", config], { name: "nats-server" });
  try {
    const url = await server.until(() => clientUrl(dir), "ports file");
    return {
      url,
      /** Ends it and forgets its data. */
      async stop() {
        await server.stop();
        forget();
        process.off("exit", forget);
      },
    };
  } catch (error) {
    await server.stop();
    forget();
    throw error;
  }
}

/** The one that `make setup` installs. */
function installedServer() {
  const print = '. .ci/env && printf %s "$NATS_SERVER"';
  return execFileSync("bash", ["-c", print], { cwd: root, encoding: "utf8" });
}

/** The server writes the ports it was given to a file named after its process. @param {string} dir */
function clientUrl(dir) {
  const name = readdirSync(dir).find((file) => file.endsWith(".ports"));
  if (!name || !existsSync(join(dir, name))) return undefined;
  try {
    /** @type {string | undefined} */
    const url = JSON.parse(readFileSync(join(dir, name), "utf8")).nats?.[0];
    return url;
  } catch {
    return undefined; // half written
  }
}
