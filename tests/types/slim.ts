// What an application writes that loads the WebAssembly itself, as the compiler sees it.

import { IronflowError } from "@ironflow/browser";
import wasm from "@ironflow/browser/ironflow.wasm";
import { init, ironflow, isIronflowError, type WasmSource } from "@ironflow/browser/slim";

export async function start(bytes: ArrayBuffer): Promise<void> {
  const sources: WasmSource[] = [
    "/ironflow.wasm",
    new URL("https://cdn.example/ironflow.wasm"),
    new Response(bytes),
    bytes,
    new Uint8Array(bytes),
    new WebAssembly.Module(bytes),
    wasm,
  ];
  for (const source of sources) await init(source);
  await init(fetch("/ironflow.wasm"));
  try {
    await init();
    ironflow.configure();
  } catch (error) {
    if (error instanceof IronflowError || isIronflowError(error)) console.warn(error.code);
  }
}

export function mistakes(): void {
  // @ts-expect-error no source: the type of a module takes nearly everything else
  init(null);
  // @ts-expect-error it is to be waited for
  init().kv();
}
