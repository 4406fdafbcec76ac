// Compiled to CommonJS: prints the outcome on the server whose URL it is given.

import { init, ironflow } from "@ironflow/browser/slim";
import { exercise } from "./exercise";

init()
  .then(() => exercise(ironflow, process.argv[2] ?? ""))
  .then((outcome: string) => console.log(outcome));
