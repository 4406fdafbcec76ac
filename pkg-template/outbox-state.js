// The entries of the outbox, journaled: what this tab knows of them, what other tabs change, and the promises of writes.

import { IronflowError } from "ironflow:errors";
import { guarded, log } from "../src/js/log.js";
import { Entries } from "./outbox-entries.js";
import { Journal } from "./outbox-journal.js";
import { isOf, isQueued, lineOf, removes } from "./outbox-machine.js";
import { PendingViews } from "./outbox-views.js";

/** How long changes of other tabs are collected before they are read, in milliseconds. */
const READ_DELAY = 50;

/** How long another tab may need to say what became of an entry, in milliseconds. */
const GRACE = 1000;

/** The fields of an entry that change. */
const CHANGING = ["writeId", "sent", "blind", "base", "after", "epoch"];

export const newDiscarded = () => new DOMException("the write was discarded", "AbortError");

export class OutboxState {
  entries = new Entries();
  views = new PendingViews();
  /** The bytes of the entries that the application was shown. */
  shown = new WeakSet();
  /** The server and environment of the client. */
  place = {};
  #journal;
  #name;
  #given;
  /** The promises of writes of this tab. */
  #pending = new Map();
  /** The ids of the entries that are not journaled yet. */
  #unwritten = new Set();
  #isJournaled = ({ id }) => !this.#unwritten.has(id);
  #subscribers = new Set();
  #notifying = false;
  #channel;
  /** Settles after the last use of the journal. */
  #journaled = Promise.resolve();
  #waitingRead;
  #reading;
  #changed;
  /** Ends the listeners of events. */
  #ended;

  /** `changed` is called after another tab has changed entries. */
  constructor({ backend, name, scope }, given, changed) {
    this.#given = given;
    this.#changed = changed;
    this.#name = name;
    this.#journal = new Journal(backend, scope, (error) => this.warn(error));
  }

  get isOpen() {
    return this.#channel !== undefined;
  }

  /** Listens to other tabs and the network, until `close()`. */
  open() {
    if (this.#channel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#onMessage(data);
    this.#channel.unref?.();
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    globalThis.addEventListener?.("online", this.#changed, { signal });
    globalThis.document?.addEventListener("visibilitychange", this.#changed, { signal });
  }

  close() {
    clearTimeout(this.#reading);
    this.#channel?.close();
    this.#channel = undefined;
    this.#ended.abort();
  }

  /** All entries that are journaled, in order: the others are not shown, and do not survive a crash. */
  journaled() {
    return this.entries.all().filter(this.#isJournaled);
  }

  get size() {
    return this.entries.size - this.#unwritten.size;
  }

  /** Those of the client's server that wait. */
  queued() {
    return this.journaled().filter((entry) => isQueued(entry) && isOf(entry, this.place));
  }

  /** Those of a key. */
  line(subject) {
    return this.entries.line(lineOf({ ...this.place, ...subject })).filter(this.#isJournaled);
  }

  subscribe(callback) {
    const entry = () => callback();
    this.#subscribers.add(entry);
    return () => {
      this.#subscribers.delete(entry);
    };
  }

  /** Adds an entry, and gives the promise of its result. */
  add(entry) {
    this.#unwritten.add(entry.id);
    this.entries.set(entry);
    return new Promise((resolve, reject) => {
      this.#pending.set(entry.id, { resolve, reject });
    });
  }

  /** Journals an entry that was added; if that fails, `direct` is the result. */
  async write(entry, direct) {
    const journaled = await this.change({ put: [entry] }, true);
    if (!journaled) {
      this.#remove(entry.id);
      this.#take(entry.id)?.resolve(direct());
    }
    return journaled;
  }

  /** Reads what is journaled when the client begins: nothing was shown before. */
  async load() {
    const isRead = await this.read();
    for (const { bytes } of this.journaled()) this.shown.add(bytes);
    return isRead;
  }

  /**
   * Whether an update is on top of the line of its key: the application was shown its last entry, in a view only if
   * the entry is one of this tab that is not `busy`. Else two forms that were opened at a revision are in conflict.
   */
  isOnTop(line, revision, busy) {
    const last = line.at(-1);
    if (!last || removes(last) || revision !== (line[0].base ?? 0)) return false;
    const { id, writeId, bytes } = last;
    if (this.shown.has(bytes)) return true;
    return !busy.has(id) && this.#pending.has(id) && this.views.shows(writeId);
  }

  /** Reads what other tabs have changed; false if the storage failed. */
  read() {
    // The calls that wait for their turn share one.
    this.#waitingRead ??= this.#inTurn(async () => {
      this.#waitingRead = undefined;
      let entries;
      try {
        entries = await this.#journal.read();
      } catch (error) {
        this.warn(error);
        return false;
      }
      const ids = new Set(entries.map(({ id }) => id));
      for (const { id } of this.entries.all()) {
        if (!ids.has(id) && !this.#unwritten.has(id)) this.#vanished(id);
      }
      for (const entry of entries) this.#set(entry);
      return true;
    });
    return this.#waitingRead;
  }

  /** Journals changes, then knows them; false if the storage failed, or was cleared. */
  change({ put = [], remove = [] }, isNew = false) {
    return this.#inTurn(async () => {
      try {
        if (!(await this.#journal.write({ put, remove }, isNew))) {
          this.clear();
          return false;
        }
      } catch (error) {
        this.warn(error);
        return false;
      }
      for (const id of remove) this.#remove(id);
      for (const entry of put) this.#set(entry);
      this.#post({ changed: true });
      return true;
    });
  }

  /** The storage was cleared: nothing is left of this scope. */
  clear() {
    for (const { id } of this.entries.all()) {
      this.#remove(id);
      this.#take(id)?.reject(newDiscarded());
    }
    this.#post({ changed: true });
  }

  /** Settles the promise of a write, in the tab that has it. */
  settle(entry, { error, revision }, result) {
    const { id, operation } = entry;
    const isVoid = removes({ operation: entry.called ?? operation });
    const value = isVoid ? undefined : result?.revision ? result : { revision: revision ?? 0 };
    const problem = error && this.error(entry, error);
    const pending = this.#take(id);
    if (!pending) {
      this.#post({ id, revision, value, error: error && { ...error, message: error.message } });
    } else if (problem) pending.reject(problem);
    else pending.resolve(value);
  }

  /** An error of the package, as the caller gets it. */
  error({ operation, bucket, key }, error) {
    if (error instanceof Error || typeof error !== "object") return error;
    const message = `${operation} ${bucket}/${key}: ${error.message ?? error.code}`;
    return new IronflowError(message, { ...error, operation, bucket, key });
  }

  warn(error) {
    log(this.#given.logger, "warn", "the outbox failed", error);
  }

  #take(id) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** Uses the journal, in turn. */
  #inTurn(use) {
    const result = this.#journaled.then(use);
    this.#journaled = result.catch(() => {});
    return result;
  }

  /** Another tab has removed an entry: it says why, unless the storage was cleared. */
  #vanished(id) {
    this.#remove(id);
    setTimeout(() => this.#take(id)?.reject(newDiscarded()), GRACE);
  }

  #onMessage({ changed, id, revision, value, error }) {
    if (changed) {
      this.#reading ??= setTimeout(() => {
        this.#reading = undefined;
        this.read().then(this.#changed);
      }, READ_DELAY);
      return;
    }
    const entry = this.entries.get(id);
    if (entry) this.views.end(entry, error ? 0 : revision || undefined);
    const pending = this.#take(id);
    if (error) pending?.reject(this.error(entry ?? {}, error));
    else pending?.resolve(value);
  }

  /** Sets an entry, and shows it where it is new or has another value. */
  #set(entry) {
    const old = this.#unwritten.delete(entry.id) ? undefined : this.entries.get(entry.id);
    const isWaiting = isQueued(entry);
    const isSame = (name) => old[name] === entry[name];
    if (old && isQueued(old) === isWaiting && CHANGING.every(isSame)) return;
    this.entries.set(entry);
    const line = isWaiting ? this.entries.line(lineOf(entry)) : [];
    if (old?.writeId !== entry.writeId || !isWaiting) {
      // What is behind it is shown on top of it.
      const rest = line.slice(line.lastIndexOf(entry));
      for (const shown of [old ?? entry, ...rest]) this.views.end(shown, 0);
      for (const shown of rest) this.#show(shown);
    }
    this.#notify();
  }

  #show(entry) {
    if (isOf(entry, this.place) && this.#isJournaled(entry)) this.views.begin(entry);
  }

  #remove(id) {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.#unwritten.delete(id);
    this.entries.delete(id);
    this.views.end(entry, 0);
    this.#notify();
  }

  #notify() {
    if (this.#notifying) return;
    this.#notifying = true;
    queueMicrotask(() => {
      this.#notifying = false;
      for (const subscriber of [...this.#subscribers]) {
        guarded(this.#given.logger, "a subscriber", subscriber);
      }
    });
  }

  #post(message) {
    this.#channel?.postMessage(message);
  }
}
