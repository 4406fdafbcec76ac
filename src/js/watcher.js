// The two ends of a watch: the feed notifies a Subscriber; a KVWatcher is the application's object.

import { callBack, log } from "./client.js";
import { mark, wallClock } from "./clock.js";
import { STATES } from "./connection.js";
import { WATCH_CONNECTING, WATCH_DISCONNECTED } from "./enums.js";
import { EventBuffer } from "./event-buffer.js";
import { abortReason, listen, newAbortError, newDeferred, stopListening } from "./exchange.js";
import { hide, INSPECT, inner, shown } from "./handle.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";
import { copyEvent, decode } from "./values.js";
import { isUnset } from "./watch-arguments.js";

/** Functions of views, by their callbacks: they call a method of the view. */
export const views = /* @__PURE__ */ new WeakMap();

/** When a watch was last known to be complete; undefined if it never was. */
export const freshOf = (watcher) => inner(watcher).fresh;

/** The same, for people: never later than now. */
export const wallTime = (fresh) => fresh && Math.min(fresh.wall, wallClock());

class Subscriber {
  #callbacks;
  #logger;
  #mode;
  /** The listener to call when it leaves the feed; undefined after that. */
  #leaving;
  #signal;
  #stop = () => this.stop();
  #buffer;
  #deferred;
  #outcome;
  /** Set after the end, with its error. */
  #over;
  #iterated = false;
  /** The connection of the client, while the watch runs. */
  #connection;
  state = STATES[WATCH_CONNECTING];
  #source;
  #wasFresh = false;
  #fresh = mark();

  constructor(bucket, callbacks, logger, mode, signal, connection) {
    this.bucket = bucket;
    this.#callbacks = callbacks;
    this.#logger = logger;
    this.#mode = mode;
    this.#signal = signal;
    this.#connection = connection;
    if (!callbacks) this.#buffer = new EventBuffer();
  }

  /** Joins a feed. */
  attach(leaving) {
    this.#leaving = leaving;
    this.#connection.move(undefined, this.state);
    if (this.#signal) listen(this.#signal, this.#stop);
    return new KVWatcher(this);
  }

  /** Returns the listener of its end, for another feed to adopt the subscriber. */
  detach() {
    const leaving = this.#leaving;
    this.#leaving = undefined;
    return leaving;
  }

  /** Sets the listener of another feed. */
  reattach(leaving) {
    this.#leaving = leaving;
  }

  /** Ends with an error. */
  end(error) {
    this.fail(error, true);
    this.close(error);
  }

  /** Closes without joining a feed, because the signal was already aborted. */
  attachAborted() {
    this.#connection = undefined;
    microtask(() => this.close());
    return new KVWatcher(this);
  }

  /** Delivers an event; returns the error if it cannot be decoded. */
  update(event) {
    const own = copyEvent(event);
    if (this.#mode) {
      try {
        decode(own, this.#mode);
      } catch (error) {
        this.fail(error);
        return error;
      }
    }
    this.#call("onUpdate", own);
    this.#buffer?.push(own);
    return undefined;
  }

  setState(number) {
    const state = STATES[number];
    if (this.state === state) return;
    this.#connection?.move(this.state, state);
    this.state = state;
    this.#call("onStateChange", this.state);
  }

  /** What shows when it was complete from now on: a channel, true for now, undefined: nothing. */
  setSource(source) {
    this.#fresh = this.fresh ?? this.#fresh;
    this.#source = source;
    this.#wasFresh ||= Boolean(source);
  }

  /** When it was last known to be complete; undefined if it never was. */
  get fresh() {
    const { fresh } = this.#source === true ? { fresh: mark() } : (this.#source ?? {});
    if (!this.#wasFresh) return undefined;
    return fresh?.at >= this.#fresh.at ? fresh : this.#fresh;
  }

  /** Learns how many initial entries come. */
  expect(total) {
    this.callView("onTotal", total);
  }

  /** Calls a method of the view, if there is one. */
  callView(name, value) {
    return views.get(this.#callbacks)?.(name, value);
  }

  ready() {
    this.#outcome ??= { ready: true };
    this.#deferred?.resolve();
    this.#call("onReady");
  }

  /** Reports an error; `final`: it ends the watch. */
  fail(error, final = false) {
    if (this.#hasErrorCallback()) this.#call("onError", error);
    // An iteration throws a final error.
    else if (!(final && this.#iterated))
      log(this.#logger, "error", "a problem of a watch without onError", error);
  }

  #hasErrorCallback() {
    try {
      return !isUnset(this.#callbacks?.onError);
    } catch {
      return false;
    }
  }

  /** Ends the watch, with an error if there is one. */
  close(error) {
    this.#release();
    const reason =
      error ??
      (this.#signal && abortReason(this.#signal)) ??
      newAbortError("the watch was stopped");
    this.#outcome ??= { reason };
    this.#deferred?.reject(reason);
    this.setState(WATCH_DISCONNECTED);
    this.#connection?.move(this.state, undefined);
    this.#connection = undefined;
    this.setSource();
    this.#over = { error };
    this.#buffer?.end(error);
    this.#call("onClose");
    this.callView("onEnd", error);
    this.#callbacks = undefined;
  }

  stop() {
    this.#release();
  }

  get whenReady() {
    if (!this.#deferred) {
      const deferred = newDeferred();
      // Its rejection need not be handled.
      deferred.promise.catch(() => {});
      if (this.#outcome?.ready) deferred.resolve();
      else if (this.#outcome) deferred.reject(this.#outcome.reason);
      this.#deferred = deferred;
    }
    return this.#deferred.promise;
  }

  iterate() {
    this.#iterated = true;
    if (!this.#buffer) {
      this.#buffer = new EventBuffer();
      if (this.#over) this.#buffer.end(this.#over.error);
    }
    const buffer = this.#buffer;
    const done = async (value) => {
      this.stop();
      buffer.clear();
      return { value, done: true };
    };
    return {
      next: () => buffer.next(),
      return: done,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #call(name, value) {
    if (this.#callbacks) callBack(this.#logger, this.#callbacks, name, value);
  }

  #release() {
    const leaving = this.#leaving;
    this.#leaving = undefined;
    if (this.#signal) stopListening(this.#signal, this.#stop);
    if (leaving !== undefined) dispatch(leaving, 0, 0);
  }
}

/** A running watch. */
class KVWatcher {
  static {
    // Some platforms lack Symbol.dispose.
    // biome-ignore lint/complexity/noThisInStatic: the name of the class must survive the bundler
    if (Symbol.dispose) this.prototype[Symbol.dispose] = this.prototype.stop;
  }

  constructor(subscriber) {
    this.bucket = subscriber.bucket;
    hide(this, () => subscriber);
  }

  /** Vue does not wrap objects with their own tag in a proxy. */
  get [Symbol.toStringTag]() {
    return "KVWatcher";
  }

  get state() {
    return inner(this).state;
  }

  get freshAsOf() {
    return wallTime(freshOf(this));
  }

  get ready() {
    return inner(this).whenReady;
  }

  stop() {
    inner(this).stop();
  }

  [Symbol.asyncIterator]() {
    return inner(this).iterate();
  }

  [INSPECT](_depth, options, inspect) {
    return shown("KVWatcher", { ...this, state: this.state }, options, inspect);
  }
}

export function newSubscriber(bucket, callbacks, logger, mode, signal, connection) {
  return new Subscriber(bucket, callbacks, logger, mode, signal, connection);
}
