// What the viewer fetches: addresses of the pairs around the one that is read, and their images ahead of time.

const AHEAD = 6;
const REFUSED_STATUS = 403;

class Feed {
  pairs = {}; // number -> addresses, transform and warp
  asked = "";

  constructor(onImage, ask) {
    this.store = new ImageStore(onImage);
    this.ask = ask;
  }

  learn(pairs, number) {
    this.pairs = { ...this.pairs, ...pairs };
    if (!this.asked.startsWith("expired")) return;
    // Where asking brought no other address, the refusal is shown as it is.
    const { real, query } = this.pairs[number] ?? {};
    for (const entry of this.find(number)) {
      if (entry?.status === REFUSED_STATUS && [real, query].includes(entry.url)) entry.status = 0;
    }
  }

  forget() {
    this.pairs = {};
    this.asked = "";
  }

  // The images of a pair: of the real one and of the one under review.
  find(number) {
    const pair = this.pairs[number];
    return pair ? [this.store.find(pair.real), this.store.find(pair.query)] : [];
  }

  findFailed(number) {
    return this.find(number).filter((entry) => entry?.error && entry.status !== REFUSED_STATUS);
  }

  // Images of this pair, of the ones to come, and of the one before.
  fetchAhead({ data, standing, number, at, last }) {
    const { queue } = data;
    const coming = queue.slice(at + 1).filter((one) => !standing.isRead(one)).slice(0, AHEAD);
    const near = [number, ...coming, queue[at + 1], queue[at - 1], last];
    const wanted = [...new Set(near)].filter((one) => one !== null && one !== undefined);
    const known = wanted.filter((one) => this.pairs[one]);
    this.store.want(known.flatMap((one) => [this.pairs[one].real, this.pairs[one].query]));
    const isRefused = this.find(number).some((entry) => entry?.status === REFUSED_STATUS);
    if (isRefused) this.askOnce(number, `expired ${this.pairs[number].real}`);
    else if (known.length < wanted.length) this.askOnce(number, `missing ${wanted.find((one) => !this.pairs[one])}`);
  }

  askOnce(number, reason) {
    if (this.asked === reason) return;
    this.asked = reason;
    this.ask({ number, reason });
  }

  retry(url) {
    this.store.retry(url);
  }

  close() {
    this.store.close();
  }
}
