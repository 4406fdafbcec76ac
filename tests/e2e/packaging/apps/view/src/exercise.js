// What an app of a framework does: a component shows a view of a key, and the key changes.

import { mount } from "./mount.js";

/** Waits until the page shows a text, and returns its group. @param {RegExp} text @returns {Promise<string>} */
const shown = (text) =>
  new Promise((resolve) => {
    const look = () => {
      const found = text.exec(document.body.textContent);
      if (!found) return;
      observer.disconnect();
      resolve(found[1]);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, characterData: true, subtree: true });
    look();
  });

/** @param {{ ironflow: import("@ironflow/browser").IronflowClient }} api @param {string} server its URL */
export async function exercise({ ironflow }, server) {
  ironflow.configure({ serverUrl: server });
  const kv = ironflow.kv();
  const name = `app-${Date.now()}-${String(Math.random()).slice(2)}`;
  await kv.createBucket({ name });
  const bucket = kv.bucket(name, { decode: "text" });
  const { revision } = await bucket.put("greeting", '{"say":"hello"}');
  const element = document.body.appendChild(document.createElement("main"));
  mount(element, bucket);
  const first = await shown(/ready: (\{.*\})/);
  await bucket.put("greeting", "hi");
  return `put ${revision}, got ${first}, saw put ${await shown(/ready: (hi)/)}`;
}
