import { Component, DestroyRef, InjectionToken, inject, signal } from "@angular/core";
import type { BrowserKVBucketHandle } from "@ironflow/browser";

export const BUCKET = new InjectionToken<BrowserKVBucketHandle<string>>("BUCKET");

/** A signal of the snapshots of a bucket's keys. */
function kvSignal(bucket: BrowserKVBucketHandle<string>) {
  const view = bucket.view();
  const snapshot = signal(view.getSnapshot());
  view.subscribe(() => snapshot.set(view.getSnapshot()));
  inject(DestroyRef).onDestroy(() => view.stop());
  return snapshot.asReadonly();
}

@Component({
  selector: "main",
  template: `<p>
    {{ list().status }}:
    @for (entry of list().entries(); track entry.key) {
      <span>{{ entry.value }}</span>
    }
  </p>`,
})
export class Greeting {
  readonly list = kvSignal(inject(BUCKET));
}
