// Which points are chosen. They outlive a reload of the tab, and the last change of them can be undone.

class Chosen {
  before = null; // the flags before the last change

  // `identity`: the audit and its map.
  constructor(n, identity) {
    this.place = `medsynaudit.selection.${identity}`;
    this.flags = this.read(n) ?? new Uint8Array(n);
    this.count();
  }

  // `how`: replace what is chosen, add to it, or remove from it.
  apply(found, how) {
    const value = how === "remove" ? 0 : 1;
    this.change((flags) => {
      if (how === "replace") flags.fill(0);
      for (const at of found) flags[at] = value;
    });
  }

  keepOnly(isVisible) {
    this.change((flags) => flags.forEach((flag, at) => (flags[at] = Number(flag && isVisible(at)))));
  }

  // Done twice, it is redone.
  undo(isVisible) {
    const { flags, before } = this;
    if (!before) return;
    this.flags = before.map((flag, at) => Number(flag && isVisible(at)));
    this.before = flags;
    this.count();
    this.keep();
  }

  change(edit) {
    const before = this.flags.slice();
    edit(this.flags);
    if (this.flags.every((flag, at) => flag === before[at])) return;
    this.before = before;
    this.count();
    this.keep();
  }

  count() {
    this.size = this.flags.reduce((sum, flag) => sum + flag, 0);
  }

  // One bit a point, lowest first, in base64: `core.maps.map_points.unpack_selection`.
  pack() {
    const bytes = new Uint8Array(Math.ceil(this.flags.length / 8));
    for (let at = 0; at < this.flags.length; at++) if (this.flags[at]) bytes[at >> 3] |= 1 << (at & 7);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  }

  // What this tab kept of the map, or null.
  read(n) {
    try {
      const text = atob(sessionStorage.getItem(this.place) ?? "");
      if (text.length !== Math.ceil(n / 8)) return null;
      return Uint8Array.from({ length: n }, (_, at) => (text.charCodeAt(at >> 3) >> (at & 7)) & 1);
    } catch {
      return null;
    }
  }

  keep() {
    try {
      if (this.size) sessionStorage.setItem(this.place, this.pack());
      else sessionStorage.removeItem(this.place);
    } catch {
      // Without storage a reload forgets the selection; all else goes on.
    }
  }
}
