// Which files the development server serves.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

const url = new URL("../../pkg-template/dev/files.js", import.meta.url);
const { fileAt } = await import(url.href);

const site = mkdtempSync(join(tmpdir(), "ironflow-files-"));
after(() => rmSync(site, { recursive: true }));
for (const name of ["index.html", "database.js", "data/default.jsonl", ".env", ".git/config"]) {
  mkdirSync(dirname(join(site, name)), { recursive: true });
  writeFileSync(join(site, name), name);
}
symlinkSync(join(site, "data"), join(site, "link"));

for (const [path, served] of /** @type {const} */ ([
  ["/", true],
  ["/database.js", true],
  ["/data/default.jsonl", false],
  ["/%64ata/default.jsonl", false],
  ["/x/../data/default.jsonl", false],
  ["/link/default.jsonl", false],
  ["/.env", false],
  ["/%2eenv", false],
  ["/.git/config", false],
])) {
  test(`${path} is ${served ? "" : "not "}served`, async () => {
    const file = fileAt(site, path, join(site, "data"));
    if (served) assert.ok((await file)[0].length > 0);
    else await assert.rejects(file, { status: 404 });
  });
}

test("a folder of data that does not exist yet hides nothing", async () => {
  assert.ok(await fileAt(site, "/", join(site, "later")));
});
