import { createClient, ironflow } from "@ironflow/browser";
import * as slim from "@ironflow/browser/slim";

// biome-ignore lint/correctness/noUnusedVariables: that it is unused is what is tried
const never = () => slim.init().then(() => [createClient(), ironflow.isConfigured]);

console.log("an app");
