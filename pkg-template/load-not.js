// What becomes of the slim entry's use before `init()`.

import { NotConfiguredError } from "ironflow:errors";

export function load() {
  throw new NotConfiguredError("the WebAssembly is not loaded yet: await init() first");
}
