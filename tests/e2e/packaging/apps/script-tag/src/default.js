import { exercise } from "./exercise.js";

export const run = (server) => exercise(Ironflow, server);
