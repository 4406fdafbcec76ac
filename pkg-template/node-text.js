// TextDecoder and TextEncoder for CommonJS: those of the platform, or else of Node. They are looked up on each use.

function create(name, args) {
  const { process } = globalThis;
  const Class = globalThis[name] ?? process?.getBuiltinModule?.("node:util")[name];
  return new Class(...args);
}

export function TextDecoder(...args) {
  return create("TextDecoder", args);
}

export function TextEncoder(...args) {
  return create("TextEncoder", args);
}
