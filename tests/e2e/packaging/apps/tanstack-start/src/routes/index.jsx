import { useKV } from "@ironflow/browser/react";
import { createFileRoute } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { useEffect, useRef } from "react";
import { load, report, show, source } from "../ssr.js";

const read = createServerFn()
  .validator((given) => given)
  .handler(({ data: { entry, server } }) => load(entry, server));

export const Route = createFileRoute("/")({
  validateSearch: ({ entry, server }) => ({ entry, server }),
  loaderDeps: ({ search }) => search,
  // The matrix waits for the app without a server.
  loader: ({ deps }) => (deps.server ? read({ data: deps }) : null),
  component: Page,
});

function Greeting(props) {
  const { status, entries } = useKV(...source(props));
  const first = useRef(props);
  useEffect(() => {
    report(first.current);
  }, []);
  return <p>{show(status, entries)}</p>;
}

function Page() {
  const data = Route.useLoaderData();
  return data && <Greeting {...data} />;
}
