// The project is written in plain English: code does not tell or hear anything.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../support/paths.mjs";

/** Each word to avoid, and what to write instead. @type {[RegExp, string][]} */
const avoided = [
  [/^(tell|tells|telling|told)$/, "emit, deliver, notify or report"],
  [/^(hear|hears|hearing|heard|hearers?)$/, "receive, or is notified"],
  [/^whoever$/, "the caller, the owner, or the thing's name"],
  [/^(anew|upon)$/, "again, or on"],
  [/^(nobody|somebody)$/, "no caller, no client, another client"],
];

/** The areas that are checked. */
const areas =
  /^(README|CHANGELOG|CONTRIBUTING|RELEASING|BENCHMARKS|docs|Makefile|\.ci|\.github|rust-toolchain|pkg-template|src|www|tests)/;

/** Files that need a word: this one, and fixtures. @type {string[]} */
const exempt = ["tests/e2e/boundary/words.test.mjs"];

const binary = /\.(png|ico|wasm)$/;

/** The words of a text, those of names such as `isTold` and `is_told` too. @param {string} text */
const wordsOf = (text) =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);

describe("The words of the project", () => {
  test("names are split into their words", () => {
    assert.deepEqual(wordsOf("isTold, was_heard: Nobody"), [
      "is",
      "told",
      "was",
      "heard",
      "nobody",
    ]);
  });

  test("no tracked file uses a word to avoid", () => {
    const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
      .split("\0")
      .filter((file) => areas.test(file) && !binary.test(file) && !exempt.includes(file));
    const found = files.flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line, at) =>
          wordsOf(line).flatMap((word) =>
            avoided
              .filter(([pattern]) => pattern.test(word))
              .map(([, instead]) => `${file}:${at + 1}: "${word}": write ${instead}`),
          ),
        ),
    );
    assert.deepEqual(found, []);
  });
});
