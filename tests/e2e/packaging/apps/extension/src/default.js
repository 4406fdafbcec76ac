// An extension has no import map.

import { ironflow } from "../node_modules/@ironflow/browser/index.js";
import { exercise } from "./exercise.js";

export const run = (server) => exercise({ ironflow }, server);
