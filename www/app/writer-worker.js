import { startWriting } from "./writing.js";

// A worker does not have the page's import map: the page passes the URL of the package.
addEventListener(
  "message",
  async ({ data: { packageUrl, options, bucket, perSecond } }) => {
    /** @type {typeof import("@ironflow/browser")} */
    const { createClient } = await import(packageUrl);
    const handle = createClient({ ...options, logger: false })
      .kv()
      .bucket(bucket);
    startWriting(handle, perSecond, (report) => postMessage(report));
  },
  { once: true },
);
