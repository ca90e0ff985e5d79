// Asks the server. Every address lies below the page's own, which holds the rater's key.

const BASE = location.pathname.replace(/\/+$/, "");
const TIMEOUT_MS = 20_000;
// Images are not compressed, and lines may be slow.
const IMAGE_TIMEOUT_MS = 180_000;

// The server understood and said no; `body` is what it said.
export class Refused extends Error {
  constructor(status, body) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

// The server cannot be reached or is in trouble; the same may be asked again later.
export class Unreachable extends Error {}

async function ask(path, read, { timeout = TIMEOUT_MS, ...options } = {}) {
  let status, body;
  try {
    const answer = await fetch(`${BASE}/${path}`, {
      cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(timeout), ...options,
    });
    status = answer.status;
    body = answer.ok ? await read(answer) : await answer.json().catch(() => ({}));
  } catch {
    throw new Unreachable();
  }
  if (status >= 500 || status === 408 || status === 429) throw new Unreachable();
  if (status >= 400) throw new Refused(status, body);
  return body;
}

const readJson = (answer) => answer.json();

function post(path, content) {
  return ask(path, readJson, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
    // A request that is on its way when the page is closed arrives all the same.
    keepalive: true,
  });
}

export const loadState = () => ask("state", readJson);
export const begin = (background, screen) => post("begin", { background, screen });
export const sendAnswers = (answers) => post("answers", { answers });

async function readBitmap(answer) {
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" });
}

export const loadImage = (position, slot) => ask(`image/${position}/${slot}`, readBitmap, { timeout: IMAGE_TIMEOUT_MS });
export const loadMask = () => ask("mask", readBitmap, { timeout: IMAGE_TIMEOUT_MS });
