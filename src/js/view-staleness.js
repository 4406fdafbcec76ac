// How old a view's freshness may be: past that it is stale.

import { now } from "./clock.js";
import { after, stopTimer } from "./platform.js";

/** A view that is too old is looked at so often, in milliseconds, until its connection has shown that it is complete. */
const LOOK_AGAIN = 500;

export class Staleness {
  /** Whether the view is older than it may be. */
  isExceeded = false;
  #view;
  #limit;
  #timer;

  /** `view.freshAt`: when it was complete, on the monotonic clock; `view.change` makes a change known. */
  constructor(view, limit) {
    this.#view = view;
    this.#limit = limit;
  }

  /** Looks at the view now, and from then on in time. */
  check() {
    this.stop();
    const left = (this.#view.freshAt ?? Number.NEGATIVE_INFINITY) + this.#limit - now();
    const isExceeded = left <= 0;
    if (isExceeded !== this.isExceeded) {
      this.#view.change(() => {
        this.isExceeded = isExceeded;
      });
    }
    this.#timer = after(isExceeded ? LOOK_AGAIN : left, () => this.check());
    // In Node it keeps no process alive.
    this.#timer?.unref?.();
  }

  stop() {
    stopTimer(this.#timer);
  }
}
