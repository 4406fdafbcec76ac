#!/usr/bin/env node
// `npx @ironflow/browser dev`: starts the development server.

import { parseArgs } from "node:util";
import { serve } from "./index.cjs";

const USAGE = `Usage: npx @ironflow/browser dev [options]

Starts an Ironflow server for development, with a store in memory.

  --port PORT            the port on 127.0.0.1 (default: 9123; 0: a free one)
  --buckets NAME,NAME    create these buckets
  --data DIR             keep the data in this folder (default: it is gone after a restart)
  --static DIR           serve the files of this folder
  --api-key KEY[:read]   require this key, which with :read may only read (repeatable)
  --allow-origin ORIGIN  let pages of this origin call the server (loopback origins may; repeatable)
  --watch-versions 1     speak version 1 of the watch only (default: 1,2)
  --help                 print this
`;

const options = {
  port: { type: "string", default: "9123" },
  buckets: { type: "string", default: "" },
  data: { type: "string" },
  static: { type: "string" },
  "api-key": { type: "string", multiple: true, default: [] },
  "allow-origin": { type: "string", multiple: true, default: [] },
  "watch-versions": { type: "string", default: "1,2" },
  help: { type: "boolean", default: false },
};

/** Reads the command line; throws if it is wrong. */
function read() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return;
  if (positionals.join(" ") !== "dev") throw new Error("the only command is dev");
  const port = /^\d+$/.test(values.port) ? Number(values.port) : 65_536;
  if (port > 65_535)
    throw new Error(`--port must be a number from 0 to 65535: found ${values.port}`);
  const buckets = values.buckets.split(",").filter(Boolean);
  return {
    port,
    buckets,
    dataDir: values.data,
    staticDir: values.static,
    apiKeys: values["api-key"],
    allowOrigins: values["allow-origin"],
    watchVersions: values["watch-versions"],
  };
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

async function main() {
  let settings;
  try {
    settings = read();
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
  if (!settings) return console.log(USAGE);
  try {
    const server = await serve(settings);
    console.log(`listening on ${server.url}`);
    if (settings.buckets.length > 0) console.log(`buckets: ${settings.buckets.join(", ")}`);
    if (settings.staticDir !== undefined) console.log(`files: ${settings.staticDir}`);
    console.log(`data: ${settings.dataDir ?? "in memory, gone after a restart"}`);
    console.log("Press Ctrl-C to stop.");
    for (const signal of ["SIGINT", "SIGTERM"])
      process.once(signal, () => server.stop().then(() => process.exit(0)));
  } catch (error) {
    const taken = `port ${settings.port} is in use: stop its process, or pass --port`;
    fail(error.code === "EADDRINUSE" ? taken : error.message);
  }
}

main();
