// Draws the figures of an objective, in the colours of the present theme, with linked cursors and zoom.
(() => {
  "use strict";
  const section = document.querySelector("[data-figures]");
  if (!section || !window.Plotly) return;
  const plots = new Map([...section.querySelectorAll("[data-chart]")].map((figure) => [figure.dataset.chart, figure]));
  const config = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false };
  let charts = null;
  let zoom = null;

  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const colour = (token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };

  // "token:bad" → the colour the present theme has for it.
  const painted = (value) => {
    if (typeof value === "string") return value.startsWith("token:") ? colour(value.slice(6)) : value;
    if (Array.isArray(value)) return value.map(painted);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, painted(inner)]));
    }
    return value;
  };

  const each = (act) => plots.forEach((figure) => act(figure.querySelector("[data-plot]")));

  const draw = async () => {
    for (const [name, figure] of plots) {
      const chart = charts[name];
      const plot = figure.querySelector("[data-plot]");
      const { data, layout } = painted(chart.figure);
      if (zoom) layout.xaxis.range = zoom;
      await Plotly.react(plot, data, layout, config);
      figure.querySelector("[data-sentence]").textContent = chart.sentence;
      if (!plot.dataset.linked) link(plot);
    }
  };

  const link = (plot) => {
    plot.dataset.linked = "yes";
    plot.on("plotly_hover", (event) => {
      if (!event.event) return;
      // The event names the instant as text in UTC; pointing at it takes milliseconds.
      const xval = Date.parse(`${String(event.xvals[0]).replace(" ", "T")}Z`);
      each((other) => { if (other !== plot && other.layout) Plotly.Fx.hover(other, { xval }, "xy"); });
    });
    plot.on("plotly_unhover", () => each((other) => { if (other !== plot && other.layout) Plotly.Fx.unhover(other); }));
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] ?? (change["xaxis.range[0]"] && [change["xaxis.range[0]"], change["xaxis.range[1]"]]);
      // What the others are told comes back from them as an event of their own.
      if (range && String(range) !== String(zoom)) spread(range, plot);
    });
    plot.on("plotly_doubleclick", () => {
      zoom = null;
      draw();
    });
  };

  const spread = (range, origin) => {
    zoom = range;
    each((other) => { if (other !== origin && other.layout) Plotly.relayout(other, { "xaxis.range": [...range] }); });
  };

  const load = async () => {
    const answer = await fetch(section.dataset.figures, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || !answer.headers.get("Content-Type")?.startsWith("application/json")) return;
    charts = (await answer.json()).charts;
    await draw();
  };

  load();
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "region" && !zoom) load(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (charts) draw(); });
})();
