// Verdicts that the server has not acknowledged yet. They outlive a reload of the tab, are sent again until
// they are acknowledged, and carry a token each, so that what arrives twice is stored once.

const RETRY_MS = 4_000;
const LONGEST_RETRY_MS = 30_000;

class PendingList {
  retries = 0;
  timer = 0;

  constructor(identity, send) {
    this.place = `medsynaudit.verdicts.${identity}`;
    this.send = send;
    this.entries = this.read();
    if (this.entries.length) this.submit();
  }

  read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.place) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  keep() {
    try {
      if (this.entries.length) sessionStorage.setItem(this.place, JSON.stringify(this.entries));
      else sessionStorage.removeItem(this.place);
    } catch {
      // Without storage a reload forgets what was on its way; sending goes on.
    }
  }

  add(entry) {
    this.entries.push({ token: makeToken(), ...entry });
    this.keep();
    this.submit();
  }

  acknowledge(tokens) {
    const stored = new Set(tokens);
    const left = this.entries.filter((entry) => !stored.has(entry.token));
    if (left.length === this.entries.length) return;
    this.entries = left;
    this.retries = 0;
    this.keep();
    this.wait();
  }

  discard() {
    this.entries = [];
    this.keep();
    this.wait();
  }

  submit() {
    this.send(this.entries, this.retries);
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    if (!this.entries.length) return;
    const again = () => {
      this.retries++;
      this.submit();
    };
    this.timer = setTimeout(again, Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.retries));
  }

  close() {
    clearTimeout(this.timer);
  }
}

// crypto.randomUUID is there only on secure pages; a hospital's own network may be without.
function makeToken() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
