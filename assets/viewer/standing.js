// What holds now for this reader: what the server has stored, and on top of it what is still on its way.

class Standing {
  history = []; // numbers of judged pairs, the latest last
  current = new Map();

  bring(data, pending) {
    this.current = new Map(Object.entries(data.verdicts).map(([number, one]) => [Number(number), { ...one, stored: true }]));
    this.history = data.history.filter((number) => this.current.has(number));
    for (const entry of pending) this.apply(entry);
  }

  apply({ number, verdict, confidence, note }) {
    this.history = this.history.filter((one) => one !== number);
    this.current.delete(number);
    if (verdict === null) return;
    this.current.set(number, { verdict, confidence, note, stored: false });
    this.history.push(number);
  }

  of(number) {
    return this.current.get(number) ?? null;
  }

  isRead(number) {
    return this.current.has(number);
  }

  // The next pair without a verdict after a place in the queue, from the start again at its end; null if none.
  nextUnread(queue, at) {
    const order = [...queue.slice(at + 1), ...queue.slice(0, at + 1)];
    return order.find((number) => !this.isRead(number)) ?? null;
  }
}
