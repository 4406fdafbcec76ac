import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Where cargo puts what it builds. */
export const targetDir = process.env.CARGO_TARGET_DIR || `${root}target`;

/** The npm package, as `make build` leaves it. */
export const packageDir = `${root}pkg`;
