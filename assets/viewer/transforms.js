// The eight flips and turns by the names that the search for copies gives them (core/copies/transforms.py):
// whether rows and columns change places, and then whether rows and whether columns are reversed.

const STEPS = {
  "as is": [false, false, false],
  "mirrored left-right": [false, false, true],
  "mirrored top-bottom": [false, true, false],
  "turned 180°": [false, true, true],
  "turned 90° clockwise": [true, false, true],
  "turned 90° anticlockwise": [true, true, false],
  "mirrored at the falling diagonal": [true, false, false],
  "mirrored at the rising diagonal": [true, true, true],
};

const isTurned = (name) => (STEPS[name] ?? []).includes(true);

// Samples move and stay what they are.
function turnImage(image, name) {
  if (!isTurned(name)) return image;
  const [swap, reverseRows, reverseColumns] = STEPS[name];
  const [width, height] = swap ? [image.height, image.width] : [image.width, image.height];
  const { channels, samples } = image;
  const turned = new samples.constructor(samples.length);
  const [rowStep, columnStep] = swap ? [1, image.width] : [image.width, 1];
  let to = 0;
  for (let row = 0; row < height; row++) {
    const start = (reverseRows ? height - 1 - row : row) * rowStep;
    for (let column = 0; column < width; column++) {
      let from = (start + (reverseColumns ? width - 1 - column : column) * columnStep) * channels;
      for (let channel = 0; channel < channels; channel++) turned[to++] = samples[from++];
    }
  }
  return { ...image, width, height, samples: turned };
}
