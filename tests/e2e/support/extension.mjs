// An extension (MV3) in Chromium.

import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { chromePath } from "./browser.mjs";

/** The key of the manifest, which determines the extension's id. */
const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = publicKey.export({ type: "spki", format: "der" });
const digest = createHash("sha256").update(key).digest("hex").slice(0, 32);
const id = digest.replaceAll(/./g, (digit) => "abcdefghijklmnop"[Number.parseInt(digit, 16)] ?? "");

/** The origin of the extension's pages. */
export const extensionUrl = `chrome-extension://${id}`;

/** Starts Chromium with the extension of a folder, whose manifest gets the key. @param {string} folder @param {string} profile */
export function launchExtension(folder, profile) {
  const manifest = join(folder, "manifest.json");
  const given = JSON.parse(readFileSync(manifest, "utf8"));
  writeFileSync(manifest, JSON.stringify({ ...given, key: key.toString("base64") }));
  return chromium.launchPersistentContext(profile, {
    executablePath: chromePath(),
    headless: false,
    args: [
      "--headless=new",
      "--no-sandbox",
      `--disable-extensions-except=${folder}`,
      `--load-extension=${folder}`,
    ],
  });
}
