importScripts("../node_modules/@ironflow/browser/iife/ironflow.js");

self.onmessage = async ({ data }) => {
  const { exercise } = await import("./exercise.js");
  postMessage(await exercise(Ironflow, data).catch(String));
};
