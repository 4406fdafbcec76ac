// Two copies of the package in one page, as when an application and a library bring one each.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { packageDir } from "./support/paths.mjs";

const dir = mkdtempSync(join(tmpdir(), "ironflow-copies-"));
after(() => rmSync(dir, { recursive: true }));

/** @param {string} name @returns {Promise<typeof import("../../src/client/types.d.ts")>} */
async function copy(name) {
  cpSync(packageDir, join(dir, name), { recursive: true });
  return import(pathToFileURL(join(dir, name, "index.js")).href);
}

test("errors of one copy are recognised by the other", async () => {
  const [one, other] = [await copy("one"), await copy("other")];
  assert.notEqual(one.IronflowError, other.IronflowError);
  const bucket = one.createClient({ transport: "memory", logger: false }).kv().bucket("missing");
  /** @type {[unknown, boolean, boolean][]} */
  const table = [
    [await bucket.get("key").catch((error) => error), true, false],
    [new one.TimeoutError("late"), true, true],
    [new one.ValidationError("no"), true, false],
    [new Error("no"), false, false],
    [Object.assign(new Error("no"), { code: "HTTP_404", retryable: true }), false, false],
    [null, false, false],
    ["HTTP_404", false, false],
    [Proxy.revocable({}, {}).proxy, false, false],
  ];
  for (const [error, isOurs, retryable] of table) {
    for (const api of [one, other]) {
      assert.equal(api.isIronflowError(error), isOurs);
      assert.equal(api.isRetryable(error), retryable);
    }
  }
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  assert.equal(other.isIronflowError(revoked.proxy), false);
});
