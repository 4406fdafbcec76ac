// The WebAssembly as text. Each byte is one character, a rare one two, so that it compresses nearly as
// well as the file itself: base64, which cuts bytes into pieces, takes a quarter more.

import { COMMON, TEXT } from "ironflow:text";
import { ALPHABET } from "./alphabet.js";

export function wasm() {
  // By the character's code: what it stands for, then what it stands for after the first escape, and
  // after the second. An escape stands for the place of its part of the table.
  const table = new Uint16Array(384);
  const escapes = [128, 256];
  const code = (place) => ALPHABET.charCodeAt(place);
  escapes.forEach((part, place) => {
    table[code(place)] = 256 + part;
  });
  let single = escapes.length;
  let double = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    if (COMMON[byte] === "1") {
      table[code(single)] = byte;
      single += 1;
    } else {
      const part = escapes[Math.floor(double / ALPHABET.length)];
      table[part + code(double % ALPHABET.length)] = byte;
      double += 1;
    }
  }

  // In place: there are never more bytes than characters.
  const bytes = new TextEncoder().encode(TEXT);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let value = table[bytes[at]];
    if (value > 255) {
      at += 1;
      value = table[value - 256 + bytes[at]];
    }
    bytes[length] = value;
    length += 1;
  }
  return bytes.subarray(0, length);
}
