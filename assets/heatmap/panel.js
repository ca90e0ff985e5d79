// What stands above the maps: their scale, sliders that work at once, and what lies under the pointer.

class Panel {
  // `redraw` is called at each move of a slider, `keep` when it is let go.
  constructor(redraw, keep) {
    this.node = make("div", "panel");
    const scale = make("div", "scale");
    this.bar = make("canvas", "ramp", { role: "img" });
    this.ticks = make("div", "ticks", { "aria-hidden": "true" });
    this.unit = make("div", "unit");
    const ramp = make("div", "ramped");
    ramp.append(this.bar, this.ticks);
    scale.append(this.unit, ramp);
    const settings = make("div", "settings");
    this.opacity = this.makeSlider(settings, "Opacity", 5, redraw, keep);
    this.from = this.makeSlider(settings, "Show from", 1, redraw, keep);
    this.size = this.makeSlider(settings, "Size", 1, redraw, keep);
    [this.size.input.min, this.size.input.max] = [120, 640];
    this.size.input.step = 20;
    this.beyond = this.makeBox(settings, "Beyond chance only", redraw, keep);
    this.boxes = this.makeBox(settings, "Suspect regions", redraw, keep);
    this.node.append(scale, settings);
  }

  makeSlider(place, name, step, redraw, keep) {
    const label = make("label", "slider");
    const input = make("input", "", { type: "range", min: "0", max: "100", step: String(step) });
    const output = make("output");
    const title = make("span", "", {}, name);
    label.append(title, input, output);
    input.addEventListener("input", redraw);
    input.addEventListener("change", keep);
    place.append(label);
    return { label, input, output };
  }

  makeBox(place, name, redraw, keep) {
    const label = make("label", "box");
    const input = make("input", "", { type: "checkbox" });
    label.append(input, make("span", "", {}, name));
    input.addEventListener("change", () => {
      redraw();
      keep();
    });
    place.append(label);
    return { label, input };
  }

  // What the sliders say: shares, and pixels for the size.
  read() {
    return {
      opacity: Number(this.opacity.input.value) / 100,
      from: Number(this.from.input.value) / 100,
      size: Number(this.size.input.value),
      beyond: this.beyond.input.checked,
      boxes: this.boxes.input.checked,
    };
  }

  show(data, layer, moveSliders) {
    if (moveSliders) {
      this.opacity.input.value = Math.round(100 * data.look.opacity);
      this.from.input.value = Math.round(100 * data.look.from);
      this.size.input.value = data.look.size;
      this.beyond.input.checked = data.look.beyond;
      this.boxes.input.checked = data.look.boxes;
    }
    this.beyond.label.hidden = data.sets.every((one) => one.threshold === null);
    this.boxes.label.hidden = !data.boxes.length;
    this.unit.textContent = data.scale.unit;
    this.bar.setAttribute("aria-label", `Scale from ${data.scale.ticks[0]} to ${data.scale.ticks.at(-1)}`);
    this.ticks.replaceChildren(...data.scale.ticks.map((text) => make("span", "", {}, text)));
    layer.drawBar(this.bar);
    this.tell(layer);
  }

  tell(layer) {
    const look = this.read();
    this.opacity.output.textContent = `${Math.round(100 * look.opacity)} %`;
    this.size.output.textContent = `${look.size} px`;
    const [low, high] = [layer.write(-look.from), layer.write(look.from)];
    this.from.output.textContent = look.from && layer.scale.signed ? `${low} and ${high}` : high;
  }
}
