import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageDir } from "./paths.mjs";

const run = promisify(execFile);

/**
 * Packs the package, as it is published, into a folder.
 *
 * @param {string} folder
 * @returns {Promise<{ name: string, version: string, files: { path: string }[], path: string }>}
 */
export async function pack(folder) {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await run("npm", args, { cwd: packageDir });
  const [packed] = JSON.parse(stdout);
  return { ...packed, path: join(folder, packed.filename) };
}

/** An empty project with the packed package installed. */
export async function installPackage() {
  const dir = mkdtempSync(join(tmpdir(), "ironflow-package-"));
  writeFileSync(join(dir, "package.json"), '{ "private": true, "type": "module" }\n');
  const packed = await pack(dir);
  /** Runs a program in the project and gives what it prints. @param {string} program @param {string[]} args */
  const inProject = async (program, ...args) => {
    try {
      return (await run(program, args, { cwd: dir })).stdout;
    } catch (error) {
      const { message, stdout, stderr } = /** @type {any} */ (error);
      // An uncaught error is shown with the line it comes from, and a file of the package is one line.
      const said = `${stdout}${stderr}`.replace(/^.{1000,}$/gm, "…");
      throw new Error(said || message);
    }
  };
  await inProject("npm", "install", "--offline", "--no-audit", "--no-fund", packed.path);
  return {
    dir,
    packed,
    run: inProject,
    /** Runs JavaScript in the project and gives the JSON it prints. @param {string} code */
    evaluate: async (/** @type {string} */ code) =>
      JSON.parse(
        await inProject(process.execPath, ...nodeFlags, "--input-type=module", "--eval", code),
      ),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Node 20 has a WebSocket, but not by default. */
export const nodeFlags = typeof WebSocket === "undefined" ? ["--experimental-websocket"] : [];
