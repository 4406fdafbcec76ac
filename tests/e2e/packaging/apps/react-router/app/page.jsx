import { useKV } from "@ironflow/browser/react";
import { useEffect, useRef } from "react";
import { useLoaderData } from "react-router";
import { load, report, show, source } from "../src/ssr.js";

export function loader({ request }) {
  const { searchParams } = new URL(request.url);
  const server = searchParams.get("server");
  // The matrix waits for the app without one.
  return server && load(searchParams.get("entry"), server);
}

function Greeting(props) {
  const { status, entries } = useKV(...source(props));
  const first = useRef(props);
  useEffect(() => {
    report(first.current);
  }, []);
  return <p>{show(status, entries)}</p>;
}

export default function Page() {
  const data = useLoaderData();
  return data && <Greeting {...data} />;
}
