// Bundlers that know how to hand out a file look for exactly this expression.

export const defaultSource = () => new URL("./ironflow.wasm", import.meta.url);
