// The characters that stand for the WebAssembly in a string: printable ASCII, less what a quoted string
// or an inline script would have to escape.

export const ALPHABET = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))
  .filter((character) => !"\"'`\\$<".includes(character))
  .join("");
