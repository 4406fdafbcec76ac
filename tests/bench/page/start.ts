// The page of the start-up: as little code as can be before the import that is measured.

import { send } from "./report.js";
import { start } from "./start-part.js";

start().catch((error) => send({ error: `${error.message}\n${error.stack}` }));
