// The first page of the package's README, from an empty folder with Node and npm alone.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { pack } from "./support/installed.mjs";
import { start } from "./support/process.mjs";
import { readPage } from "./support/readme.mjs";

const section = /^## A first page$(.*?)^## /ms.exec(readPage("pkg-template/README.md"))?.[1] ?? "";
/** @param {string} language */
const block = (language) =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(section)?.[1] ?? "";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ironflow-first-page-"));
after(() => rmSync(folder, { recursive: true }));
const app = join(folder, "app");
const home = join(folder, "home");
for (const each of [app, home]) mkdirSync(each);
/** No tools of this checkout. */
const env = { HOME: home, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, NODE_OPTIONS: "" };

test("two tabs show what one of them adds", async (t) => {
  const { path } = await pack(folder);
  writeFileSync(join(app, "index.html"), block("html"));
  const [install = "", serve = "", ...more] = block("sh").trimEnd().split("\n");
  assert.deepEqual(more, []);
  /** @param {string} command */
  const words = (command) => command.replace(/^npm install \S+$/, `npm install ${path}`).split(" ");

  const [npm = "", ...args] = words(install);
  const quick = ["--offline", "--no-audit", "--no-fund"];
  const options = { cwd: app, env: { ...process.env, ...env } };
  await run(npm, [...args, ...quick], options);
  const [npx = "", ...given] = words(serve);
  const { stdout } = await run(npx, ["--offline", ...given, "--help"], options);
  assert.match(stdout, /^Usage/);
  // Without npx, which would leave the server running when it is killed.
  const program = join(app, "node_modules/.bin/ironflow-browser");
  const server = start(program, [...given.slice(1), "--port", "0"], { name: serve, cwd: app, env });
  t.after(() => server.stop());
  const url = await server.until(
    () => /^listening on (http:\/\/\S+)$/m.exec(server.output.stdout)?.[1],
    "address",
  );

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const tabs = await Promise.all([browser.newPage(), browser.newPage()]);
  const complained = tabs.map(complaints);
  for (const tab of tabs) await tab.goto(url);
  const [writer, reader] = tabs;
  await writer.getByLabel("Todo").fill("Buy milk");
  await writer.getByRole("button", { name: "Add" }).click();
  for (const tab of tabs) await tab.getByRole("listitem").filter({ hasText: "Buy milk" }).waitFor();
  await reader.reload();
  await reader.getByRole("listitem").filter({ hasText: "Buy milk" }).waitFor();
  // The page has no icon.
  const others = complained.flat().filter((each) => !each.includes("/favicon.ico"));
  assert.deepEqual(others, []);
});
