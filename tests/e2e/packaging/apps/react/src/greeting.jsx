import { useKV } from "@ironflow/browser/react";

export function Greeting({ bucket }) {
  const { status, entries } = useKV(bucket);
  return (
    <p>
      {status}:{" "}
      {entries.map(({ key, value }) => (
        <span key={key}>{value}</span>
      ))}
    </p>
  );
}
