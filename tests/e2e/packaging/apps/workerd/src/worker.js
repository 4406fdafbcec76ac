import wasm from "@ironflow/browser/ironflow.wasm";
import { init, ironflow } from "@ironflow/browser/slim";
import { exercise } from "./exercise.js";

export default {
  async fetch(request) {
    const server = new URL(request.url).searchParams.get("server");
    try {
      await init(wasm);
      return new Response(await exercise({ ironflow }, server));
    } catch (error) {
      return new Response(String(error?.stack ?? error));
    }
  },
};
