// One tooltip for everything with a data-tooltip: on hover and on focus, above all that scrolls or clips.

function addTooltip(container) {
  const tip = document.createElement("div");
  tip.className = "tooltip";
  tip.role = "tooltip";
  tip.popover = "manual";
  container.append(tip);

  function show(event) {
    const owner = event.target.closest("[data-tooltip]");
    if (!owner) return hide();
    tip.textContent = owner.dataset.tooltip;
    tip.showPopover();
    const around = owner.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const above = around.top > height + 8;
    tip.style.left = `${Math.max(8, Math.min(around.left, window.innerWidth - width - 8))}px`;
    tip.style.top = `${above ? around.top - height - 4 : around.bottom + 4}px`;
  }

  function hide() {
    if (tip.matches(":popover-open")) tip.hidePopover();
  }

  for (const name of ["pointerover", "focusin"]) container.addEventListener(name, show);
  for (const name of ["pointerleave", "focusout"]) container.addEventListener(name, hide);
  container.addEventListener("scroll", hide, { capture: true, passive: true });
  container.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}

// Tells the tooltip also to who listens; an empty text takes it away.
function setTooltip(node, text) {
  if (text) {
    node.dataset.tooltip = text;
    node.setAttribute("aria-description", text);
  } else {
    delete node.dataset.tooltip;
    node.removeAttribute("aria-description");
  }
}
