"use client";

import { createClient } from "@ironflow/browser";
import { useKVEntry } from "@ironflow/browser/react";
import { useEffect, useState } from "react";

const client = createClient({ transport: "memory", memory: { buckets: ["b"] } });
const bucket = client.kv().bucket("b", { decode: "text" });

/** Does in the browser what was done on the server, and passes the outcome through a bucket and a hook. */
export function Client({ rendered }) {
  const [error, setError] = useState();
  const { value } = useKVEntry(bucket, "outcome");
  useEffect(() => {
    const { searchParams } = new URL(location.href);
    const entry =
      searchParams.get("entry") === "slim" ? import("../src/slim.js") : import("../src/default.js");
    entry
      .then(({ run }) => run(searchParams.get("server")))
      .then((outcome) => bucket.put("outcome", outcome))
      .catch((failure) => setError(String(failure?.stack ?? failure)));
  }, []);
  useEffect(() => {
    const outcome = error ?? value;
    if (!outcome) return;
    document.documentElement.dataset.outcome =
      rendered === outcome ? outcome : `on the server: ${rendered}; in the browser: ${outcome}`;
  }, [rendered, value, error]);
  return <p>{value}</p>;
}
