import { run as runDefault } from "../src/default.js";
import { run as runSlim } from "../src/slim.js";
import { Client } from "./client.jsx";

/** Rendered on the server, where the client of the package is used too; then in the browser. */
export default async function Page({ searchParams }) {
  const { entry, server } = await searchParams;
  const run = entry === "slim" ? runSlim : runDefault;
  const rendered = await run(server).catch((error) => String(error?.stack ?? error));
  return <Client rendered={rendered} />;
}
