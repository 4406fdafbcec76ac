import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreements } from "./versions.mjs";

/** @type {import("./versions.mjs").Statements} */
const agreed = {
  cargo: '[workspace.package]\nversion = "1.2.3"\n\n[package]\nname = "ironflow-browser"\n',
  lock: '[[package]]\nname = "ironflow-browser"\nversion = "1.2.3"\n',
  changelog: "# Changelog\n\n## [1.2.3] - 2026-01-31\n\n## [1.2.2] - 2026-01-01\n",
  manifest: { version: "1.2.3", repository: { url: "git+https://github.example/owner/name.git" } },
  tags: ["v1.2.3", "latest"],
  repository: "owner/name",
};

test("a release whose version is the same everywhere is right, with a tag and without", () => {
  assert.deepEqual(disagreements(agreed), []);
  assert.deepEqual(disagreements({ ...agreed, tags: [], repository: undefined }), []);
});

test("what states another version is named", () => {
  /** @type {[Partial<import("./versions.mjs").Statements>, RegExp][]} */
  const cases = [
    [{ lock: agreed.lock.replace("1.2.3", "1.2.2") }, /^Cargo.lock says 1.2.2/],
    [{ manifest: { ...agreed.manifest, version: "1.2.4" } }, /^package.json says 1.2.4/],
    [{ changelog: "## [1.2.2] - 2026-01-31\n" }, /^CHANGELOG.md begins with 1.2.2/],
    [{ changelog: "## [1.2.3] - unreleased\n" }, /^CHANGELOG.md has no date/],
    [{ changelog: "## [1.2.3]\n" }, /^CHANGELOG.md has no date/],
    [{ tags: ["v1.2.4"] }, /^the tag is v1.2.4/],
    [{ manifest: { version: "1.2.3" } }, /^package.json names no repository/],
    [{ repository: "another/owner" }, /another than another\/owner$/],
  ];
  for (const [changed, words] of cases) {
    const found = disagreements({ ...agreed, ...changed });
    assert.equal(found.length, 1, `${words}`);
    assert.match(found[0] ?? "", words);
  }
});
