import { load as read } from "../ssr.js";

export async function load({ url }) {
  const server = url.searchParams.get("server");
  // The matrix waits for the app without one.
  return { props: server ? await read(url.searchParams.get("entry"), server) : undefined };
}
