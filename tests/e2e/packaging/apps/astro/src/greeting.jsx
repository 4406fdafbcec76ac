import { useKV } from "@ironflow/browser/react";
import { useEffect, useRef } from "react";
import { report, show, source } from "./ssr.js";

export function Greeting(props) {
  const { status, entries } = useKV(...source(props));
  const first = useRef(props);
  useEffect(() => {
    report(first.current);
  }, []);
  return <p>{show(status, entries)}</p>;
}
