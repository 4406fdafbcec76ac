// Compiled to CommonJS: prints the outcome on the server whose URL it is given.

import { ironflow, type KVEntry } from "@ironflow/browser";
import { exercise } from "./exercise";

exercise(ironflow, process.argv[2] ?? "").then((outcome: string) => console.log(outcome));

export type Entry = KVEntry<string>;
