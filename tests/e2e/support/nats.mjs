import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths.mjs";
import { start } from "./process.mjs";

/**
 * Starts a nats-server with JetStream, its data in a folder that goes with it.
 *
 * @param {object} [options]
 * @param {number} [options.port] by default one that is free
 * @param {string} [options.config] more lines of configuration
 */
export async function startNats({ port = -1, config: more = "" } = {}) {
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
${more}
`,
  );
  const launch = async () => {
    // Of one that was killed, the file stays.
    for (const name of portsFiles(dir)) rmSync(join(dir, name));
    const started = start(program, ["-c", config], { name: "nats-server" });
    try {
      const urls = await started.until(() => serverUrls(dir), "ports file");
      return { started, urls };
    } catch (error) {
      await started.stop();
      throw error;
    }
  };
  try {
    let running = await launch();
    return {
      /** Where it is; a restart moves it unless it has a port of its own. */
      get url() {
        return running.urls.nats;
      },
      /** Where browsers connect, if the configuration has a part `websocket`. */
      get webSocketUrl() {
        return running.urls.websocket ?? "";
      },
      /** Where it answers how much it does, if the configuration has a line `http`. */
      get monitoringUrl() {
        return running.urls.monitoring ?? "";
      },
      /** The number of its process. */
      get pid() {
        return running.started.child.pid;
      },
      /** Ends it with a signal and starts it again on the data it had. @param {NodeJS.Signals} signal */
      async restart(signal) {
        running.started.child.kill(signal);
        await running.started.ended;
        running = await launch();
      },
      /** Ends it and forgets its data. */
      async stop() {
        await running.started.stop();
        forget();
        process.off("exit", forget);
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

/** The one that `make setup` installs. */
function installedServer() {
  const print = '. .ci/env && printf %s "$NATS_SERVER"';
  return execFileSync("bash", ["-c", print], { cwd: root, encoding: "utf8" });
}

/** @param {string} dir */
const portsFiles = (dir) => readdirSync(dir).filter((file) => file.endsWith(".ports"));

/**
 * The server writes where it listens to a file named after its process.
 *
 * @param {string} dir
 * @returns {{ nats: string, websocket?: string, monitoring?: string } | undefined}
 */
function serverUrls(dir) {
  const [name] = portsFiles(dir);
  if (!name) return undefined;
  try {
    const { nats, websocket, monitoring } = JSON.parse(readFileSync(join(dir, name), "utf8"));
    return nats?.[0] && { nats: nats[0], websocket: websocket?.[0], monitoring: monitoring?.[0] };
  } catch {
    return undefined; // half written
  }
}
