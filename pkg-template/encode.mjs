// Encodes bytes as the text that inlined.js decodes.

import { ALPHABET } from "./alphabet.js";

/** The number of escape characters: enough to encode all 256 bytes. */
const ESCAPES = 2;

/** @param {Uint8Array} wasm */
export function encode(wasm) {
  const counts = new Array(256).fill(0);
  for (const byte of wasm) counts[byte] += 1;
  const bytes = [...counts.keys()];
  const ranked = bytes.toSorted((one, other) => counts[other] - counts[one]);
  const common = new Set(ranked.slice(0, ALPHABET.length - ESCAPES));

  const codes = [];
  let singles = ESCAPES;
  let doubles = 0;
  for (const byte of bytes) {
    if (common.has(byte)) {
      codes.push(ALPHABET[singles]);
      singles += 1;
    } else {
      const first = ALPHABET[Math.floor(doubles / ALPHABET.length)];
      codes.push(first + ALPHABET[doubles % ALPHABET.length]);
      doubles += 1;
    }
  }
  return {
    common: bytes.map((byte) => (common.has(byte) ? "1" : "0")).join(""),
    text: Array.from(wasm, (byte) => codes[byte]).join(""),
  };
}
