// An image's samples as the dashboard's route sends them, drawn without loss on a canvas.

// Rejects with the route's own sentence where the image is not to be had.
async function fetchSamples(address, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(await answer.text());
  const number = (name) => Number(answer.headers.get(`X-Image-${name}`));
  const buffer = await answer.arrayBuffer(); // the browser has inflated it
  return {
    values: number("Bits") === 16 ? new Uint16Array(buffer) : new Uint8Array(buffer),
    width: number("Width"),
    height: number("Height"),
    channels: number("Channels"),
    bits: number("Bits"),
    low: number("Low"),
    high: number("High"),
    // Slices of a volume: height of a pixel over its width, mm between slices, and the volume's black and white.
    aspect: number("Aspect") || 1,
    step: number("Step-Mm"),
    range: answer.headers.has("X-Image-Black") ? findRange(number) : null,
  };
}

// Samples that are black and white, from stored values; the other way round where high values are dark.
function findRange(number) {
  const [black, white] = [number("Black"), number("White")].map((value) => (value - number("Intercept")) / number("Slope"));
  return number("Inverted") === 1 ? [white, black] : [black, white];
}

// Slices are shown as their volume is; other 8-bit samples as they are, deeper ones between their smallest and
// largest value.
function drawSamples(canvas, samples) {
  const { values, width, height, channels, bits } = samples;
  const [low, high] = samples.range ?? (bits === 8 ? [0, 255] : [samples.low, samples.high]);
  const scale = 255 / (Math.sign(high - low) * Math.max(1, Math.abs(high - low)) || 1);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const out = picture.data;
  for (let at = 0, from = 0; at < out.length; at += 4, from += channels) {
    for (let band = 0; band < 3; band++) {
      out[at + band] = (values[from + (channels === 3 ? band : 0)] - low) * scale;
    }
    out[at + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
