// A map's points as the dashboard's route packs them: `core.maps.map_points.pack_points`.

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

class Points {
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    this.n = header.n;
    for (const [name, { type, width, offset }] of Object.entries(header.arrays)) {
      this[name] = new ARRAYS[type](buffer, 4 + length + offset, this.n * width);
    }
  }

  // An item's id, from which its address is made.
  idOf(at) {
    let text = "";
    for (const byte of this.id.subarray(at * 10, at * 10 + 10)) text += byte.toString(16).padStart(2, "0");
    return text;
  }

  // Coordinates as (n, 3) and half of what each axis spans, moved and scaled alike along all axes so that they fit between -1 and 1.
  layOut(name, dimensions) {
    const values = this[name];
    const width = values.length / this.n;
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    for (let at = 0; at < this.n; at++) {
      for (let axis = 0; axis < dimensions; axis++) {
        const value = values[at * width + axis];
        if (value < low[axis]) low[axis] = value;
        if (value > high[axis]) high[axis] = value;
      }
    }
    let span = 1e-12;
    for (let axis = 0; axis < dimensions; axis++) span = Math.max(span, high[axis] - low[axis]);
    const placed = new Float32Array(this.n * 3);
    for (let at = 0; at < this.n; at++) {
      for (let axis = 0; axis < dimensions; axis++) {
        placed[at * 3 + axis] = ((values[at * width + axis] - (low[axis] + high[axis]) / 2) * 2) / span;
      }
    }
    const halves = low.map((value, axis) => (axis < dimensions ? (high[axis] - value) / span : 0));
    return { placed, halves };
  }
}

// Rejects with the route's own sentence, and with `expired` where a new address would help.
async function fetchPoints(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw Object.assign(new Error(await answer.text()), { expired: answer.status === 403 });
  return new Points(await answer.arrayBuffer());
}
