// The two ends of a watch: a Subscriber is what the feed speaks to, a KVWatcher what an application
// holds.

import { callBack, log } from "./client.js";
import { STATES } from "./connection.js";
import { WATCH_CONNECTING, WATCH_DISCONNECTED } from "./enums.js";
import { abortReason, listen, newAbortError, newDeferred, stopListening } from "./exchange.js";
import { hide, INSPECT, inner, shown } from "./handle.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";
import { readArguments } from "./settings.js";
import { copyEvent, decode } from "./values.js";

/** What views call, by their callbacks, when their watch has ended: with the error that ended it, if any. */
export const endings = /* @__PURE__ */ new WeakMap();

const CALLBACKS = ["onUpdate", "onReady", "onStateChange", "onError", "onClose"];

const isObject = (value) => typeof value === "object" && value !== null;

const isUnset = (value) => value === undefined || value === null;

/** A member of the caller's object: what is no callback where reading it throws. */
function member(object, name) {
  try {
    return object[name];
  } catch {
    return "unreadable";
  }
}

/** Whether it is an object with any of the callbacks. */
function hasCallbacks(value) {
  return isObject(value) && CALLBACKS.some((name) => !isUnset(member(value, name)));
}

/** The callback that is no function, an empty name where there is no object for them; else undefined. */
function unusableCallback(callbacks) {
  if (!isObject(callbacks)) return "";
  return CALLBACKS.find((name) => {
    const callback = member(callbacks, name);
    return typeof callback !== "function" && (!isUnset(callback) || name === CALLBACKS[0]);
  });
}

/** What else callbacks are called elsewhere, and in typing errors. @type {[RegExp, string][]} */
const LIKELY = [
  [/state|status/i, "onStateChange"],
  [/err|fail/i, "onError"],
  [/clos|end|disconnect|complete/i, "onClose"],
  [/ready|open|connect|sync/i, "onReady"],
  [/./, "onUpdate"],
];

/** What is wrong with the arguments of `watch()`, where they are like what it takes; else undefined. */
function callbackMistake(callbacks, options) {
  try {
    if (typeof callbacks === "function")
      return "watch() takes an object of callbacks: watch({ onUpdate: callback })";
    if (typeof callbacks === "string")
      return "watch() takes the key as an option: watch({ onUpdate }, { key })";
    if (!isObject(callbacks)) return undefined;
    const usable = hasCallbacks(callbacks);
    for (const name of Object.keys(callbacks)) {
      const same = CALLBACKS.find((known) => known.toLowerCase() === name.toLowerCase());
      if (same === name) continue;
      const isCallback = typeof callbacks[name] === "function" && (same || !usable);
      const likely = same ?? LIKELY.find(([words]) => words.test(name))?.[1];
      if (isCallback)
        return `unknown callback ${name}: did you mean ${likely}? Callbacks are ${CALLBACKS.join(", ")}`;
      const prototype = Object.getPrototypeOf(callbacks);
      const plain = prototype === null || prototype === Object.prototype;
      const misplaced = ["key", "initial", "signal"].includes(name) && !isUnset(callbacks[name]);
      if (usable && plain && misplaced && isUnset(options))
        return `${name} is an option, not a callback: watch(callbacks, { ${name} })`;
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads `watch(callbacks, options)` or `watch(options)`, as `readArguments` does: the argument are the
 * callbacks, undefined for none. Throws a message for the caller where they cannot be used.
 */
export function readWatch(first, second) {
  const mistake = callbackMistake(first, second);
  if (mistake) throw mistake;
  const alone = isUnset(first) || (isUnset(second) && !hasCallbacks(first));
  if (alone) return readArguments(undefined, isUnset(first) ? second : first);
  const name = unusableCallback(first);
  if (name === "") throw "callbacks must be an object";
  if (name) throw `callbacks.${name} must be a function`;
  return readArguments(first, second);
}

/** Events on their way to whoever iterates over a watch; none is lost, however late they come. */
class Backlog {
  #arrived = [];
  #leaving = [];
  #waiting = [];
  #over;

  push(event) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ value: event, done: false });
    else this.#arrived.push(event);
  }

  /** There will be no more; the error that ended it, if any, is thrown after the last event. */
  end(error) {
    this.#over = { error };
    for (const waiting of this.#waiting.splice(0))
      this.#finish().then(waiting.resolve, waiting.reject);
  }

  next() {
    if (this.#leaving.length === 0) {
      this.#leaving = this.#arrived.reverse();
      this.#arrived = [];
    }
    if (this.#leaving.length > 0) {
      return Promise.resolve({ value: this.#leaving.pop(), done: false });
    }
    if (this.#over) return this.#finish();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  clear() {
    this.#arrived = [];
    this.#leaving = [];
  }

  #finish() {
    const { error } = this.#over;
    this.#over = {};
    return error === undefined
      ? Promise.resolve({ value: undefined, done: true })
      : Promise.reject(error);
  }
}

class Subscriber {
  #callbacks;
  #logger;
  #mode;
  /** Who is told that it leaves the feed, as long as it has not. */
  #leaving;
  #signal;
  #stop = () => this.stop();
  #backlog;
  #deferred;
  #outcome;
  /** Whether it is over, and because of what. */
  #over;
  #iterated = false;
  /** The connection of the client, while the watch runs. */
  #connection;
  state = STATES[WATCH_CONNECTING];

  constructor(bucket, callbacks, logger, mode, signal, connection) {
    this.bucket = bucket;
    this.#callbacks = callbacks;
    this.#logger = logger;
    this.#mode = mode;
    this.#signal = signal;
    this.#connection = connection;
    if (!callbacks) this.#backlog = new Backlog();
  }

  /** The feed has taken it up. */
  attach(leaving) {
    this.#leaving = leaving;
    this.#connection.move(undefined, this.state);
    if (this.#signal) listen(this.#signal, this.#stop);
    return new KVWatcher(this);
  }

  /** It is not to begin at all: the signal was aborted before. */
  attachAborted() {
    this.#connection = undefined;
    microtask(() => this.close());
    return new KVWatcher(this);
  }

  /** Gives the error where the event cannot be decoded. */
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
    const callbacks = this.#callbacks;
    if (callbacks) callBack(this.#logger, callbacks, "onUpdate", own);
    this.#backlog?.push(own);
    return undefined;
  }

  setState(number) {
    const state = STATES[number];
    if (this.state === state) return;
    this.#connection?.move(this.state, state);
    this.state = state;
    this.#call("onStateChange", this.state);
  }

  ready() {
    this.#outcome ??= { ready: true };
    this.#deferred?.resolve();
    this.#call("onReady");
  }

  /** A problem; `final`: it ends the watch. */
  fail(error, final = false) {
    if (this.#hasErrorCallback()) this.#call("onError", error);
    // An iteration throws it.
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

  /** It is over: of itself, because of an error perhaps. */
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
    this.#over = { error };
    this.#backlog?.end(error);
    this.#call("onClose");
    endings.get(this.#callbacks)?.(error);
    this.#callbacks = undefined;
  }

  stop() {
    this.#release();
  }

  get whenReady() {
    if (!this.#deferred) {
      const deferred = newDeferred();
      // Nobody has to wait for it.
      deferred.promise.catch(() => {});
      if (this.#outcome?.ready) deferred.resolve();
      else if (this.#outcome) deferred.reject(this.#outcome.reason);
      this.#deferred = deferred;
    }
    return this.#deferred.promise;
  }

  iterate() {
    this.#iterated = true;
    if (!this.#backlog) {
      this.#backlog = new Backlog();
      if (this.#over) this.#backlog.end(this.#over.error);
    }
    const backlog = this.#backlog;
    const done = async (value) => {
      this.stop();
      backlog.clear();
      return { value, done: true };
    };
    return {
      next: () => backlog.next(),
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
    // Not every platform has it yet.
    // biome-ignore lint/complexity/noThisInStatic: the name of the class must survive the bundler
    if (Symbol.dispose) this.prototype[Symbol.dispose] = this.prototype.stop;
  }

  constructor(subscriber) {
    this.bucket = subscriber.bucket;
    hide(this, () => subscriber);
  }

  /** Vue leaves objects alone that say they are of a kind of their own. */
  get [Symbol.toStringTag]() {
    return "KVWatcher";
  }

  get state() {
    return inner(this).state;
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

/** The subscribers of a feed, by their ids, in the order they came. */
class Audience {
  #members = new Map();
  #errors = [];

  get size() {
    return this.#members.size;
  }

  add(id, subscriber) {
    this.#members.set(id, subscriber);
  }

  /** Takes a subscriber out: nothing is delivered to it any more. */
  take(id) {
    const subscriber = this.#members.get(id);
    this.#members.delete(id);
    return subscriber;
  }

  /** Whether the event cannot be decoded. */
  deliver(id, event) {
    const error = this.#members.get(id)?.update(event);
    if (error) this.#errors.push(error);
    return error !== undefined;
  }

  /** Whether any of them cannot decode the event. */
  deliverToAll(ids, event) {
    // They lie in a memory that moves where a callback makes it grow.
    for (const id of ids.slice()) this.deliver(id, event);
    return this.#errors.length > 0;
  }

  /** Takes the errors of those that could not decode an event. */
  takeErrors() {
    return this.#errors.splice(0);
  }

  setState(id, state) {
    this.#members.get(id)?.setState(state);
  }

  ready(id) {
    this.#members.get(id)?.ready();
  }

  fail(error) {
    for (const subscriber of [...this.#members.values()]) subscriber.fail(error);
  }

  /** It is over for everybody; one after the other, so that a callback may stop the others. */
  end(error) {
    for (const [id, subscriber] of this.#members) {
      this.#members.delete(id);
      if (error) subscriber.fail(error, true);
      subscriber.close(error);
    }
  }
}

export function newSubscriberSet() {
  return new Audience();
}
