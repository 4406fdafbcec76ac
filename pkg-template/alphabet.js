// The characters that encode the WebAssembly in a string: printable ASCII without those that a quoted string
// or an inline script would have to escape.

export const ALPHABET = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))
  .filter((character) => !"\"'`\\$<".includes(character))
  .join("");
