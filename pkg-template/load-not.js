// Use of the slim entry before `init()` throws.

import { NotConfiguredError } from "ironflow:errors";

export function load() {
  throw new NotConfiguredError("the WebAssembly is not loaded yet: await init() first");
}
