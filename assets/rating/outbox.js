// Answers on their way to the server: sent in order, one batch at a time, kept until the server has them.

import { persist } from "./backoff.js";
import { sendAnswers } from "./server.js";

const LARGEST_BATCH = 40;

function makeToken() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  // Called with the number of answers that the server does not have, and whether sending fails.
  onStatus = () => {};
  // Called with what the server says of each batch.
  onReply = () => {};
  // Called with the server's reason and the number of answers that it did not take.
  onRefused = () => {};

  #note;
  #unsent;
  #waiting = new Map();
  #sending = null;
  #isStopped = false;
  #isFailing = false;

  constructor(note) {
    this.#note = note;
    this.#unsent = [...note.get()];
    window.addEventListener("beforeunload", (event) => {
      if (this.#unsent.length && !this.#isStopped) event.preventDefault();
    });
  }

  get size() {
    return this.#unsent.length;
  }

  // Resolves to what the server says once it has the answer.
  add(answer) {
    const item = { token: makeToken(), ...answer };
    const kept = new Promise((resolve) => this.#waiting.set(item.token, resolve));
    this.#unsent.push(item);
    this.#save();
    this.send();
    return kept;
  }

  // Sends until nothing is left, however long the network is away; resolves then.
  async send() {
    if (this.#isStopped || !this.#unsent.length) return;
    this.#sending ??= this.#sendAll();
    await this.#sending;
  }

  async #sendAll() {
    try {
      while (this.#unsent.length) {
        const batch = this.#unsent.slice(0, LARGEST_BATCH);
        const reply = await persist(() => sendAnswers(batch), () => {
          this.#isFailing = true;
          this.#tell();
        });
        this.#isFailing = false;
        this.#unsent.splice(0, batch.length);
        this.#save();
        this.onReply(reply);
        for (const { token } of batch) {
          this.#waiting.get(token)?.(reply);
          this.#waiting.delete(token);
        }
      }
    } catch (error) {
      const lost = this.#unsent.length;
      this.#unsent = [];
      this.#isFailing = false;
      this.#save();
      this.onRefused(error, lost);
    } finally {
      this.#sending = null;
    }
  }

  // Another tab has the session now, and what is left is its to send.
  stop() {
    this.#isStopped = true;
  }

  #save() {
    if (!this.#isStopped) {
      if (this.#unsent.length) this.#note.set(this.#unsent);
      else this.#note.forget([]);
    }
    this.#tell();
  }

  #tell() {
    this.onStatus(this.#unsent.length, this.#isFailing);
  }
}
