/**
 * @typedef {"json" | "text" | "bytes"} Format
 * @typedef {{ bytes(): Uint8Array }} Stored  an entry or a watch event
 */

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes a value as JSON, else as text, else as bytes.
 *
 * @param {Stored} stored
 * @returns {{ format: Format, text: string, size: number }}
 */
export function decode(stored) {
  const bytes = stored.bytes();
  const size = bytes.length;
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { format: "bytes", text: toBase64(bytes), size };
  }
  try {
    return { format: "json", text: JSON.stringify(JSON.parse(text), null, 2), size };
  } catch {
    return { format: "text", text, size };
  }
}

/** A value in one line, which the table truncates. @param {Stored} stored */
export function preview(stored) {
  const bytes = stored.bytes();
  // The end of a long value is not visible: do not parse it.
  if (bytes.length > 2000) return new TextDecoder().decode(bytes.subarray(0, 400));
  const { format, text } = decode(stored);
  return format === "bytes" ? `base64 ${text}` : text.replace(/\s+/g, " ");
}

/**
 * Converts the person's input to a value for `put`.
 *
 * @param {string} text
 * @param {Format} format
 * @returns {unknown}
 */
export function encode(text, format) {
  if (format === "text") return text;
  if (format === "bytes") return fromBase64(text);
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`${why}. Or choose "text" to store it as it is.`);
  }
  // The client stores a string without quotes; a JSON string needs them.
  return typeof value === "string" ? JSON.stringify(value) : value;
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @param {string} text */
function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new SyntaxError("This is not base64.");
  }
}

/** @param {number} size */
export function formatSize(size) {
  if (size === 1) return "1 byte";
  if (size < 1024) return `${size} bytes`;
  return size < 1024 * 1024
    ? `${(size / 1024).toFixed(1)} KiB`
    : `${(size / 1024 / 1024).toFixed(1)} MiB`;
}
