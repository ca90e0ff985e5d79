// What stands beside the pointer: a point's image and what is known of it.

const KEPT_PICTURES = 200;
const WAIT_MS = 60;

class Tip {
  pictures = new Map(); // item id -> promise of an object URL, the one asked for last behind

  constructor(stage) {
    this.stage = stage;
    this.box = make("div", "tip", { role: "status" });
    this.image = make("img", "", { alt: "" });
    this.frame = make("div", "frame");
    this.note = make("span", "note");
    this.frame.append(this.image, this.note);
    this.text = make("div", "text");
    this.box.append(this.frame, this.text);
    this.box.hidden = true;
    stage.append(this.box);
  }

  show(itemId, lines, x, y, address) {
    if (this.itemId !== itemId) {
      this.itemId = itemId;
      this.box.dataset.item = itemId;
      this.text.replaceChildren(...lines.map((line, at) => {
        const node = make(at ? "small" : "span");
        node.textContent = line;
        return node;
      }));
      this.image.removeAttribute("src");
      this.image.hidden = true;
      this.note.textContent = "";
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.fill(itemId, address), this.pictures.has(itemId) ? 0 : WAIT_MS);
    }
    this.box.hidden = false;
    this.place(x, y);
  }

  // Beside a point of the stage.
  place(x, y) {
    const { clientWidth, clientHeight } = this.stage;
    const { offsetWidth, offsetHeight } = this.box;
    const left = x + 16 + offsetWidth < clientWidth ? x + 16 : Math.max(4, x - 16 - offsetWidth);
    this.box.style.left = `${left}px`;
    this.box.style.top = `${Math.min(Math.max(4, y - offsetHeight / 2), Math.max(4, clientHeight - offsetHeight - 4))}px`;
  }

  hide() {
    clearTimeout(this.waiting);
    this.itemId = null;
    delete this.box.dataset.item;
    this.box.hidden = true;
  }

  async fill(itemId, address) {
    try {
      const url = await this.load(itemId, address);
      // By now the pointer may be elsewhere.
      if (this.itemId !== itemId) return;
      this.image.src = url;
      this.image.hidden = false;
    } catch (error) {
      this.pictures.delete(itemId);
      if (error.expired) this.onExpired?.();
      else if (this.itemId === itemId) this.note.textContent = error.message;
    }
  }

  load(itemId, address) {
    const known = this.pictures.get(itemId) ?? this.fetchPicture(address);
    this.pictures.delete(itemId);
    this.pictures.set(itemId, known);
    if (this.pictures.size > KEPT_PICTURES) {
      const [[oldest, picture]] = this.pictures;
      this.pictures.delete(oldest);
      picture.then(URL.revokeObjectURL, () => {});
    }
    return known;
  }

  async fetchPicture(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw Object.assign(new Error(await answer.text()), { expired: answer.status === 403 });
    return URL.createObjectURL(await answer.blob());
  }
}
