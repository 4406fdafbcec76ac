import { ironflow } from "@ironflow/browser";
import { exercise } from "./exercise.js";

export const run = (server) => exercise({ ironflow }, server);
