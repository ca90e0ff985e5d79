// Images as lossless samples from signed addresses, fetched ahead and kept while memory allows.

const BUDGET_BYTES = 384 * 2 ** 20;

// Addresses are renewed now and then; what comes before the question mark names the image, and of a volume
// what was added to the address names the slice.
function nameOf(url) {
  const [path, query = ""] = url.split("?");
  return [path, ...query.split("&").filter((part) => /^(plane|index|turn|over)=/.test(part))].join("&");
}

async function fetchImage(url, signal) {
  const answer = await fetch(url, { signal, cache: "no-store" });
  if (!answer.ok) {
    const sentence = (await answer.text()).slice(0, 300);
    throw Object.assign(new Error(sentence || `The server answered ${answer.status}.`), { status: answer.status });
  }
  const fact = (name) => Number(answer.headers.get(`X-Image-${name}`));
  const buffer = await answer.arrayBuffer();
  const [width, height, channels, bits] = ["Width", "Height", "Channels", "Bits"].map(fact);
  if (!width || buffer.byteLength !== (width * height * channels * bits) / 8) {
    throw new Error("The image came incomplete.");
  }
  return {
    width, height, channels, bits,
    // Two bytes come low byte first, as every machine with a current browser keeps them.
    samples: bits === 16 ? new Uint16Array(buffer) : new Uint8Array(buffer),
    slope: fact("Slope"), intercept: fact("Intercept"), exact: fact("Exact") === 1,
    low: fact("Low"), high: fact("High"), aspect: fact("Aspect") || 1,
    // Of a slice, what its whole volume shows as black and white at first, in stored values.
    shown: answer.headers.has("X-Image-Black") ? { black: fact("Black"), white: fact("White") } : null,
    inverted: fact("Inverted") === 1, step: fact("Step-Mm"), oriented: fact("Oriented") === 1,
  };
}

class ImageStore {
  entries = new Map(); // name -> { url, image, error, status, controller }

  constructor(onChange) {
    this.onChange = onChange;
  }

  find(url) {
    return (url && this.entries.get(nameOf(url))) || null;
  }

  // Fetch these, the first ones first; what is still on its way and wanted no more is called off.
  want(urls) {
    const names = new Set(urls.map(nameOf));
    for (const [name, entry] of this.entries) {
      if (names.has(name) || entry.image || entry.error) continue;
      entry.controller.abort();
      this.entries.delete(name);
    }
    for (const url of urls) {
      const entry = this.find(url);
      if (!entry || (entry.error && entry.url !== url)) this.start(url);
      else if (entry.image) this.touch(url);
    }
    this.trim(names);
  }

  retry(url) {
    this.entries.delete(nameOf(url));
    this.start(url);
  }

  start(url) {
    const entry = { url, image: null, error: "", status: 0, controller: new AbortController() };
    this.entries.set(nameOf(url), entry);
    fetchImage(url, entry.controller.signal).then(
      (image) => Object.assign(entry, { image }),
      (error) => {
        const lost = error instanceof TypeError ? "The server cannot be reached." : error.message;
        Object.assign(entry, { error: lost, status: error.status ?? 0 });
      },
    ).then(() => this.entries.get(nameOf(url)) === entry && this.onChange(entry));
  }

  touch(url) {
    const entry = this.find(url);
    this.entries.delete(nameOf(url));
    this.entries.set(nameOf(url), entry);
  }

  trim(kept) {
    let bytes = 0;
    for (const [name, entry] of [...this.entries].reverse()) {
      bytes += entry.image?.samples.byteLength ?? 0;
      if (bytes > BUDGET_BYTES && entry.image && !kept.has(name)) this.entries.delete(name);
    }
  }

  close() {
    for (const entry of this.entries.values()) entry.controller.abort();
    this.entries.clear();
  }
}
