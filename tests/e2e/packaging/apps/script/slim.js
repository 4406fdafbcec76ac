// Prints what comes of it on the server that it is given the address of.

import process from "node:process";
import { run } from "./src/slim.js";

console.log(await run(process.argv[2]));
