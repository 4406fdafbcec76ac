import { startWriting } from "./writing.js";

// The page's import map does not hold here: the page says where the package is.
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
