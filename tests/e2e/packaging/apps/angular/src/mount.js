import { bootstrapApplication } from "@angular/platform-browser";
import { BUCKET, Greeting } from "./greeting";
import { providers } from "./providers";

export const mount = (_element, bucket) =>
  bootstrapApplication(Greeting, {
    providers: [...providers, { provide: BUCKET, useValue: bucket }],
  });
