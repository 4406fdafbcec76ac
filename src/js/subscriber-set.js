// Delivers what a feed has for its subscribers.

/** The subscribers of a feed, by id, in the order they joined. */
class SubscriberSet {
  #members = new Map();
  /** The subscribers of the last event for several, until one is taken. */
  #recipients;
  #errors = [];

  get size() {
    return this.#members.size;
  }

  /** Adds a subscriber; returns the stored entries that its view begins with. */
  add(id, subscriber) {
    this.#members.set(id, subscriber);
    return subscriber.callView("onJoin");
  }

  /** Removes a subscriber, which gets no more events. */
  take(id) {
    this.#recipients = undefined;
    const subscriber = this.#members.get(id);
    this.#members.delete(id);
    return subscriber;
  }

  /** Delivers an event to one subscriber; returns whether it cannot be decoded. */
  deliver(id, event) {
    return this.#update(this.#members.get(id), event);
  }

  /** Delivers an event; returns whether any subscriber cannot decode it. */
  deliverToAll(ids, event) {
    const recipients = this.#recipientsOf(ids);
    for (let at = 0; at < recipients.ids.length; at += 1) {
      // A callback may stop other watches.
      if (recipients === this.#recipients || this.#members.has(recipients.ids[at]))
        this.#update(recipients.subscribers[at], event);
    }
    return this.#errors.length > 0;
  }

  /** Mostly the same as for the event before: the subscribers are looked up once. */
  #recipientsOf(ids) {
    const last = this.#recipients;
    if (last?.ids.length === ids.length) {
      // A loop: calling a function for each id takes nearly as long as the delivery.
      let at = 0;
      while (at < ids.length && last.ids[at] === ids[at]) at += 1;
      if (at === ids.length) return last;
    }
    // A copy: a callback may grow the WebAssembly's memory, which detaches this view of it.
    const all = ids.slice();
    this.#recipients = { ids: all, subscribers: Array.from(all, (id) => this.#members.get(id)) };
    return this.#recipients;
  }

  #update(subscriber, event) {
    const error = subscriber?.update(event);
    if (error) this.#errors.push(error);
    return error !== undefined;
  }

  /** Takes the errors of subscribers that could not decode an event. */
  takeErrors() {
    return this.#errors.splice(0);
  }

  setState(id, state) {
    this.#members.get(id)?.setState(state);
  }

  setSource(id, source) {
    this.#members.get(id)?.setSource(source);
  }

  expect(id, total) {
    this.#members.get(id)?.expect(total);
  }

  resume(id, isStored) {
    this.#members.get(id)?.callView("onResume", isStored);
  }

  synced(id, epoch, revision) {
    this.#members.get(id)?.callView("onSynced", { epoch, revision });
  }

  ready(id) {
    this.#members.get(id)?.ready();
  }

  fail(error) {
    for (const subscriber of [...this.#members.values()]) subscriber.fail(error);
  }

  failOne(id, error) {
    this.#members.get(id)?.fail(error);
  }

  /** Closes all subscribers, one after the other, so that a callback may stop others. */
  end(error) {
    for (const [id, subscriber] of this.#members) {
      this.take(id);
      if (error) subscriber.end(error);
      else subscriber.close();
    }
  }
}

export function newSubscriberSet() {
  return new SubscriberSet();
}
