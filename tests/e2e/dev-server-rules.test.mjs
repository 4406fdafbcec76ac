// The development server keeps the rules of the protocol: the tests of the reference server run on it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startDevServer } from "./support/dev-server.mjs";
import { root } from "./support/paths.mjs";
import { start } from "./support/process.mjs";

const server = await startDevServer();
after(() => server.stop());

for (const name of ["conformance", "watch_2"]) {
  test(`the tests in tests/server/tests/${name} pass`, async () => {
    // As `make test` builds them.
    const chosen = ["--workspace", "--exclude", "ironflow-bench", "--test", name];
    const args = ["test", "--quiet", ...chosen, "--", "memory::"];
    const env = { IRONFLOW_MEMORY_SERVER: new URL(server.url).host };
    const { child, output, ended } = start("cargo", args, { name: "cargo", cwd: root, env });
    await ended;
    assert.equal(child.exitCode, 0, output.stdout + output.stderr);
    assert.match(output.stdout, /ok\. [1-9]\d+ passed/);
  });
}
