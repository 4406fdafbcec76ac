// A small application that uses the packed package, in a folder that is kept between runs: installing its
// tools takes longer than all tests.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "../support/process.mjs";
import { startServer } from "../support/server.mjs";

const fixtures = fileURLToPath(new URL("apps", import.meta.url));
const tools = process.env.IRONFLOW_TOOLS || join(homedir(), ".cache/ironflow-tools");

/** Quiet, and without asking anybody. */
const env = {
  CI: "1",
  NO_COLOR: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  // Node 20 has a WebSocket, but not by default.
  NODE_OPTIONS: typeof WebSocket === "undefined" ? "--experimental-websocket" : "",
};

/** @typedef {{ url: string, stop(): Promise<unknown> }} Site */

/** What an app's tools are, by their names on npm; versions are exact. @typedef {Record<string, string>} Tools */

export class App {
  /** @param {Tools} dependencies @param {string[]} layers folders of `apps`, the later over the former @param {"module" | "commonjs"} [type] the app's modules */
  constructor(dependencies, layers, type = "module") {
    const name = Object.entries(dependencies).map(([tool, version]) => `${tool}@${version}`);
    this.dir = join(tools, "apps", name.join("+").replaceAll("/", "-") || "plain");
    this.dependencies = dependencies;
    this.layers = layers;
    this.type = type;
  }

  /** Lays out the files and installs what they need. @param {string} tarball */
  async install(tarball) {
    mkdirSync(this.dir, { recursive: true });
    for (const each of readdirSync(this.dir)) {
      if (each !== "node_modules") rmSync(join(this.dir, each), { recursive: true, force: true });
    }
    // What a bundler has made of another build of the package.
    rmSync(join(this.dir, "node_modules/.vite"), { recursive: true, force: true });
    for (const layer of this.layers) cpSync(join(fixtures, layer), this.dir, { recursive: true });

    // A tarball of the same name would count as installed.
    const digest = createHash("sha256").update(readFileSync(tarball)).digest("hex").slice(0, 16);
    cpSync(tarball, join(this.dir, `package-${digest}.tgz`));
    const manifest = {
      private: true,
      type: this.type,
      dependencies: { ...this.dependencies, "@ironflow/browser": `file:package-${digest}.tgz` },
      // Newer ones may lack the part for this platform for a while.
      overrides: { rollup: "4.67.4" },
    };
    writeFileSync(join(this.dir, "package.json"), JSON.stringify(manifest));
    const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
    await this.finish("npm", "install", ...quick, "--loglevel=error");
  }

  /** Runs one of the tools, or what is on the path, to its end; gives what it prints. @param {string} program @param {string[]} args */
  async finish(program, ...args) {
    const { child, output, ended } = this.#start(program, args);
    await ended;
    if (child.exitCode !== 0) {
      const said = `${output.stdout}${output.stderr}`.replace(/^.{1000,}$/gm, "…");
      throw new Error(`${program} ${args.join(" ")} failed (${child.exitCode})\n${said}`);
    }
    return output.stdout;
  }

  /** Runs a server until it is stopped. @param {string} program @param {string[]} args `PORT` stands for its port @returns {Promise<Site>} */
  async serve(program, ...args) {
    const port = await freePort();
    const given = args.map((arg) => arg.replace(/PORT$/, String(port)));
    const server = this.#start(program, given);
    const url = `http://127.0.0.1:${port}`;
    let answers = false;
    let asking = false;
    const ask = async () => {
      asking = true;
      // A server that is not ready may leave a request without a response.
      answers = await fetch(url, { signal: AbortSignal.timeout(10_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      asking = false;
    };
    const look = () => {
      if (!asking) ask();
      return answers || undefined;
    };
    try {
      await server.until(look, "answer", 180_000);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return { url, stop: () => server.stop() };
  }

  /** Hands out a folder of it. @param {string} folder @returns {Promise<Site>} */
  handOut(folder) {
    return startServer({ staticDir: join(this.dir, folder) });
  }

  /** Copies files within it. @param {string} from @param {string} to */
  copy(from, to) {
    cpSync(join(this.dir, from), join(this.dir, to), { recursive: true });
  }

  /** @param {string} program @param {string[]} args */
  #start(program, args) {
    const path = `${join(this.dir, "node_modules/.bin")}:${process.env.PATH}`;
    return start(program, args, { name: program, cwd: this.dir, env: { ...env, PATH: path } });
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
