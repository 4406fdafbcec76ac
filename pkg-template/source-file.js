// Bundlers that emit assets recognise exactly this expression.

export const defaultSource = () => new URL("./ironflow.wasm", import.meta.url);
