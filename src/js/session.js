// The sockets of a client's watches. Each feed has a channel: on version 1 of the wire a socket of its own, on
// version 2 its part of the one socket that all of them share. Which version it is the first handshake shows;
// until then the others wait.

import { mark, now } from "./clock.js";
import {
  REPLAY_COMPLETE,
  REPLAY_PRUNED,
  REPLAY_RESET,
  SOCKET_BAD_FRAME,
  SOCKET_CHANGES,
  SOCKET_CLOSED,
  SOCKET_DELETED,
  SOCKET_OPENED,
  SOCKET_PUT,
  SOCKET_REFUSED,
  SOCKET_REPLAY,
  SOCKET_REPLAYED_DELETED,
  SOCKET_REPLAYED_PUT,
  SOCKET_SYNCED,
  SOCKET_TICK,
} from "./enums.js";
import { dispatch } from "./listeners.js";
import { microtask } from "./microtask.js";
import { after, stopTimer } from "./platform.js";
import { parseFrame, readRefused, toEvent } from "./responses.js";
import { leaveSocket, openSocket, send } from "./socket.js";

/** The close code of a lost connection, and the one of a credential that is not accepted, with its status. */
const LOST = 1006;
const UNAUTHORIZED_CODE = 4401;
const UNAUTHORIZED = 401;

/** So many milliseconds others wait for a handshake. */
const SLOW_HANDSHAKE = 1000;

/** So many milliseconds after its begin a handshake that nothing waits for is ended. */
const HUNG_HANDSHAKE = 5000;

/** The status of a refusal that has none. */
const SERVER_ERROR = 500;

const listOf = (value) => (Array.isArray(value) ? value : []);

const isString = (value) => typeof value === "string";

/** The socket that channels share: subscriptions, and the frames about them. */
class SharedSocket {
  channels = new Set();
  /** The subscriptions by their id on the wire: the channel, and the feed's own id. */
  #subscriptions = new Map();
  #ids = 0;
  lastFrame = now();
  /** When a ping was sent to which no frame has come yet. */
  pingedAt;

  constructor(socket) {
    this.socket = socket;
  }

  /** Asks for a subscription; returns its id. `from`: -1 for changes from now on. */
  subscribe(channel, wire, keys, from, epoch) {
    this.#ids += 1;
    const id = this.#ids;
    this.#subscriptions.set(id, { channel, wire });
    const start = from < 0 ? {} : { after: from, epoch };
    send(this.socket, { type: "subscribe", id, name: channel.bucket, keys, ...start });
    return id;
  }

  unsubscribe(id) {
    // The server has ended it already where it refused it.
    if (this.#subscriptions.delete(id)) send(this.socket, { type: "unsubscribe", id });
  }

  /** Receives a frame; returns a close code if the connection is of no use any more. */
  receive(data) {
    this.lastFrame = now();
    this.pingedAt = undefined;
    const frame = parseFrame(data);
    if (isString(frame)) {
      for (const channel of [...this.channels]) channel.report(frame);
    } else if (frame.type === "kv_update") {
      const event = toEvent(frame, frame.name);
      for (const channel of [...this.channels]) {
        if (channel.bucket === frame.name) channel.deliver(event, SOCKET_PUT, SOCKET_DELETED);
      }
    } else if (frame.type === "tick") {
      for (const channel of this.channels) {
        const revision = frame.revisions?.[channel.bucket];
        if (!Number.isSafeInteger(revision)) continue;
        channel.fresh = mark();
        channel.notify(SOCKET_TICK, revision);
      }
    } else {
      const subscription = this.#subscriptions.get(frame.id);
      if (subscription) return this.#receiveFor(subscription, frame);
    }
    return undefined;
  }

  /** Receives a frame of one subscription. */
  #receiveFor(subscription, frame) {
    const { channel, wire } = subscription;
    const { epoch, revision } = frame;
    if (frame.type === "replay") {
      subscription.live = undefined;
      const kind = frame.reset ? REPLAY_RESET : frame.pruned ? REPLAY_PRUNED : REPLAY_COMPLETE;
      channel.notify(SOCKET_REPLAY, kind, [epoch, frame.total], wire);
    } else if (frame.type === "changes") {
      channel.notify(SOCKET_CHANGES, 0, undefined, wire);
      for (const change of listOf(frame.events)) {
        const event = toEvent(change, channel.bucket);
        channel.deliver(event, SOCKET_REPLAYED_PUT, SOCKET_REPLAYED_DELETED);
      }
    } else if (frame.type === "live") {
      const keys = listOf(frame.keys).filter(isString);
      subscription.live ??= [];
      for (const key of keys) subscription.live.push(key);
    } else if (frame.type === "synced") {
      const { live } = subscription;
      subscription.live = undefined;
      if (!(Number.isSafeInteger(revision) && isString(epoch)))
        channel.report('watch frame "synced" has no revision or no epoch');
      else {
        channel.fresh = mark();
        channel.notify(SOCKET_SYNCED, revision, [epoch, Boolean(frame.reset), live], wire);
      }
    } else if (frame.type === "refused") {
      this.#subscriptions.delete(frame.id);
      // The credential is the whole connection's.
      if (frame.status === UNAUTHORIZED) return UNAUTHORIZED_CODE;
      const status = Number.isInteger(frame.status) ? frame.status : SERVER_ERROR;
      channel.notify(SOCKET_REFUSED, status, readRefused(frame), wire);
    }
    return undefined;
  }
}

/** A feed's way to the server. */
class Channel {
  #session;
  /** The ids of its subscriptions on the wire, by the feed's own. */
  #ids = new Map();
  socket;
  shared;
  /** When its handshake began. */
  begunAt;
  /** When a frame showed that the feed has everything, if it is complete. */
  fresh;

  constructor(session, url, offered, bucket, slots, listener) {
    Object.assign(this, { url, offered, bucket, slots, listener });
    this.#session = session;
  }

  notify(kind, number, value, slot) {
    dispatch(this.listener, kind, number, value, slot);
  }

  report(message) {
    this.notify(SOCKET_BAD_FRAME, 0, message);
  }

  /** Delivers an event, of one kind or the other; or reports a message that there is instead. */
  deliver(event, put, deleted) {
    if (isString(event)) return this.report(event);
    this.fresh = mark();
    const kind = event.operation === "put" ? put : deleted;
    this.notify(kind, event.revision, event, this.slots.get(event.key) ?? -1);
  }

  /** Receives a frame of version 1. */
  receive(data) {
    const frame = parseFrame(data);
    if (isString(frame)) this.report(frame);
    else if (frame.type === "kv_update")
      this.deliver(toEvent(frame, frame.bucket), SOCKET_PUT, SOCKET_DELETED);
  }

  subscribe(wire, keys, from, epoch) {
    const id = this.shared?.subscribe(this, wire, keys, from, epoch);
    if (id) this.#ids.set(wire, id);
  }

  unsubscribe(wire) {
    this.shared?.unsubscribe(this.#ids.get(wire));
    this.#ids.delete(wire);
  }

  /** A listing that was requested at this moment was complete: with it, the feed has everything up to then. */
  listed(requested) {
    if (!(this.fresh?.at >= requested.at)) this.fresh = requested;
  }

  leave(atOnce) {
    if (this.shared?.channels.size > 1) {
      for (const wire of [...this.#ids.keys()]) this.unsubscribe(wire);
    }
    this.#session.leave(this, atOnce);
  }
}

class Session {
  #heartbeat;
  #timeout;
  #shared;
  /** The channel whose handshake is under way, and the channels that wait for it. */
  #first;
  #waiting = new Set();
  #isVersion1 = false;

  constructor(heartbeat, timeout) {
    this.#heartbeat = heartbeat;
    this.#timeout = timeout;
  }

  get isOpen() {
    return this.#shared !== undefined;
  }

  open(...feed) {
    const channel = new Channel(this, ...feed);
    this.#connect(channel);
    return channel;
  }

  /** Joins the socket there is, waits for the handshake under way, or begins one. */
  #connect(channel) {
    const isYoung = now() - this.#first?.begunAt < SLOW_HANDSHAKE;
    if (this.#shared) this.#join(channel);
    else if (isYoung && !this.#isVersion1) this.#waiting.add(channel);
    else this.#dial(channel);
  }

  #dial(channel) {
    this.#first = channel;
    channel.begunAt = now();
    try {
      channel.socket = openSocket(channel.url, channel.offered, {
        opened: (isVersion2) => {
          this.#isVersion1 = !isVersion2;
          if (isVersion2) this.#share(channel);
          else {
            channel.fresh = mark();
            channel.notify(SOCKET_OPENED, 1);
          }
          this.#handshakeDone(channel);
        },
        closed: (code) => {
          if (channel.shared) return this.#close(channel.shared, code);
          channel.notify(SOCKET_CLOSED, code);
          this.#handshakeDone(channel);
        },
        message: (data) => {
          const { shared } = channel;
          if (!shared) return channel.receive(data);
          const code = shared.receive(data);
          if (code) this.#close(shared, code);
        },
      });
    } catch (message) {
      this.#handshakeDone(channel);
      throw message;
    }
  }

  /** The handshake of a channel is over: those that wait for it go on. */
  #handshakeDone(channel) {
    if (this.#first !== channel) return;
    this.#first = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) {
      try {
        this.#connect(each);
      } catch {
        each.notify(SOCKET_CLOSED, LOST);
      }
    }
  }

  /** The socket of a channel is of version 2: from now on it is for all channels. */
  #share(channel) {
    const { socket } = channel;
    channel.socket = undefined;
    if (this.#shared) {
      leaveSocket(socket, true);
    } else {
      this.#shared = new SharedSocket(socket);
      // Its handlers are those of this channel, also after the channel has left.
      channel.shared = this.#shared;
      this.#scheduleCheck(this.#shared, this.#heartbeat);
    }
    this.#join(channel);
  }

  #join(channel) {
    channel.shared = this.#shared;
    this.#shared.channels.add(channel);
    microtask(() => {
      if (channel.shared?.channels.has(channel)) channel.notify(SOCKET_OPENED, 2);
    });
  }

  leave(channel, atOnce) {
    const { socket, shared } = channel;
    this.#waiting.delete(channel);
    if (socket) {
      // Chromium has one handshake at a time with a server: the next one waits for it.
      const left = channel.begunAt + HUNG_HANDSHAKE - now();
      if (leaveSocket(socket, atOnce)) after(Math.max(0, left), () => leaveSocket(socket, true));
    }
    shared?.channels.delete(channel);
    if (shared?.channels.size === 0) this.#close(shared);
    // At once, the others leave too.
    if (atOnce) microtask(() => this.#handshakeDone(channel));
    else this.#handshakeDone(channel);
  }

  /** Closes a shared socket, and notifies the channels that are still there. */
  #close(shared, code) {
    if (this.#shared === shared) this.#shared = undefined;
    stopTimer(shared.timer);
    leaveSocket(shared.socket, true);
    for (const channel of [...shared.channels]) channel.notify(SOCKET_CLOSED, code);
  }

  /** The credential is another one: no channel joins the socket there is, or waits for the handshake under way. */
  replace() {
    this.#shared = undefined;
    this.#first = undefined;
    this.#waiting.clear();
  }

  /** Pings the server: the network or the page has changed. */
  check() {
    if (this.#shared) this.#ping(this.#shared);
  }

  #ping(shared) {
    if (shared.pingedAt !== undefined) return;
    shared.pingedAt = now();
    send(shared.socket, { type: "ping" });
    this.#scheduleCheck(shared, Math.min(this.#heartbeat, this.#timeout));
  }

  /** Checks after so many milliseconds whether frames have come. */
  #scheduleCheck(shared, milliseconds) {
    stopTimer(shared.timer);
    shared.timer = after(milliseconds, () => {
      const [silence, waited] = [shared.lastFrame, shared.pingedAt].map((time) => now() - time);
      if (waited >= this.#timeout) this.#close(shared, LOST);
      else if (waited >= 0) this.#scheduleCheck(shared, this.#timeout - waited);
      else if (silence < this.#heartbeat) this.#scheduleCheck(shared, this.#heartbeat - silence);
      else this.#ping(shared);
    });
  }
}

export function newSession(heartbeat, timeout) {
  return new Session(heartbeat, timeout);
}
