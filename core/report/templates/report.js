"use strict";
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const data = JSON.parse(document.getElementById("figure-data").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];
  const theme = () => root.dataset.theme || (system.matches ? "dark" : "light");
  const other = () => (theme() === "dark" ? "light" : "dark");

  // A4 landscape within its margins, one panel across or two; lower than on a screen, so that pages fill.
  const PAPER = { wide: 970, half: 455, height: 0.8 };

  function fit(layout, plot) {
    const wide = plot.closest("figure").classList.contains("wide");
    return { width: wide ? PAPER.wide : PAPER.half, height: layout.height && PAPER.height * layout.height };
  }

  function draw(which, onPaper) {
    for (const plot of plots) {
      const figure = data[plot.dataset.figure][which];
      const size = onPaper ? fit(figure.layout, plot) : { width: undefined };
      const layout = { ...figure.layout, ...size };
      const config = {
        responsive: !onPaper,
        displaylogo: false,
        displayModeBar: onPaper ? false : "hover",
        modeBarButtons: [["toImage"]],
        toImageButtonOptions: { format: "svg", filename: plot.dataset.figure },
      };
      Plotly.react(plot, figure.data, { ...layout, dragmode: false }, config);
    }
  }

  function show() {
    button.textContent = other() === "dark" ? "Dark" : "Light";
    button.setAttribute("aria-label", `Show the report on a ${other()} ground`);
    draw(theme());
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = other();
    show();
  });
  system.addEventListener("change", show);

  // On paper: a light ground, nothing folded away, and figures as wide as the page.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.fold:not([open])")];
    for (const one of folded) one.open = true;
    draw("light", true);
  });
  window.addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    show();
  });
  show();
})();
