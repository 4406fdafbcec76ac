import { useKV } from "@ironflow/browser/react";

/** The matching keys of a bucket; calls `onRender` for each rendering. */
export function List({ bucket, filter, persist, onRender }) {
  const { entries, data, status, error } = useKV(bucket, filter, { persist });
  onRender?.(`${status} ${entries.length}`);
  return (
    <ul data-status={status} data-error={error?.code} data-size={data.size}>
      {entries.map((entry) => (
        <li key={entry.key}>{`${entry.key} ${entry.text()}`}</li>
      ))}
    </ul>
  );
}
