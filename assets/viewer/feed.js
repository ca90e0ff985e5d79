// What the viewer fetches: addresses of the pairs around the one that is read, and their images ahead of time.

const AHEAD = 6;
const VOLUMES_AHEAD = 1;
const REFUSED_STATUS = 403;

class Feed {
  pairs = {}; // number -> addresses, transform and warp
  asked = "";

  constructor(onImage, ask, stage, slicing) {
    Object.assign(this, { stage, slicing });
    this.store = new ImageStore(onImage);
    this.ask = ask;
  }

  learn(pairs, number) {
    this.pairs = { ...this.pairs, ...pairs };
    if (!this.asked.startsWith("expired")) return;
    // Where asking brought no other address, the refusal is shown as it is.
    const addresses = this.addresses(number);
    for (const entry of this.find(number)) {
      if (entry?.status === REFUSED_STATUS && addresses.includes(entry.url)) entry.status = 0;
    }
  }

  forget() {
    this.pairs = {};
    this.asked = "";
  }

  // Addresses of a pair's images, or of the slices of its volumes that are looked at; the second one is null
  // where the volume under review has no such slice.
  addresses(number) {
    const pair = this.pairs[number];
    if (!pair) return [];
    return pair.volume ? this.slicing.addresses(number, pair, this.stage.leavesTurnOut) : [pair.real, pair.query];
  }

  // The images of a pair: of the real one and of the one under review.
  find(number) {
    const [real, query] = this.addresses(number);
    const first = this.store.find(real);
    if (real && query === null) return [first, first?.image ? { image: makeBlank(first.image) } : null];
    return real ? [first, this.store.find(query)] : [];
  }

  findFailed(number) {
    return this.find(number).filter((entry) => entry?.error && entry.status !== REFUSED_STATUS);
  }

  // Images of this pair, of the ones to come, and of the one before.
  fetchAhead({ data, standing, number, at, last }) {
    const { queue } = data;
    const coming = queue.slice(at + 1).filter((one) => !standing.isRead(one)).slice(0, AHEAD);
    const isVolume = Boolean(this.pairs[number]?.volume);
    const near = isVolume
      ? [number, ...coming.slice(0, VOLUMES_AHEAD)]
      : [number, ...coming, queue[at + 1], queue[at - 1], last];
    const wanted = [...new Set(near)].filter((one) => one !== null && one !== undefined);
    const known = wanted.filter((one) => this.pairs[one]);
    const slices = isVolume ? this.slicing.addressesAhead(number, this.pairs[number], this.stage.leavesTurnOut) : [];
    const [these, others] = [known.slice(0, 1), known.slice(1)].map((some) => some.flatMap((one) => this.addresses(one)));
    this.store.want([...new Set([...these, ...slices, ...others])].filter(Boolean));
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
