"use strict";
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const data = JSON.parse(document.getElementById("figure-data").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];
  const theme = () => root.dataset.theme || (system.matches ? "dark" : "light");
  const other = () => (theme() === "dark" ? "light" : "dark");

  function draw(which, width) {
    for (const plot of plots) {
      const figure = data[plot.dataset.figure][which];
      const layout = { ...figure.layout, width: width ? Math.min(width, plot.clientWidth) : undefined };
      const config = {
        responsive: true,
        displaylogo: false,
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
    draw("light", 960);
  });
  window.addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    show();
  });
  show();
})();
