// What a page has measured, on its way to who writes the report.

import type { Samples } from "./rounds.js";

export interface Row {
  /** Names what was measured. */
  id: string;
  /** Keys or watchers, where it is measured at several sizes. */
  size?: number;
  samples: Samples;
}

const rows: Row[] = [];

export function add(id: string, samples: Samples, size?: number) {
  rows.push({ id, samples, size });
}

/** The platform's, whatever a part puts in its place. */
const { fetch } = globalThis;

const query = new URLSearchParams(location.search);

/** Where the results go; a page of another server posts them across origins. */
export async function send(outcome: { rows?: Row[]; error?: string; [more: string]: unknown }) {
  const body = JSON.stringify({ rows, ...outcome });
  await fetch(query.get("report") ?? "/report", { method: "POST", mode: "no-cors", body });
}
