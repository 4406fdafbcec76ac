import { load } from "../src/ssr.js";
import { Client } from "./client.jsx";

/** Rendered on the server, then hydrated in the browser. */
export default async function Page({ searchParams }) {
  const { entry, server } = await searchParams;
  // The matrix waits for the app without a server.
  return server && <Client {...(await load(entry, server))} />;
}
