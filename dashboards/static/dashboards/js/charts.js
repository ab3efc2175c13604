// Draws the figures of an objective, in the colours of the present theme, with linked cursors and one range for all.
(() => {
  "use strict";
  const section = document.querySelector("[data-figures]");
  if (!section || !window.Plotly) return;
  const root = document.documentElement;
  const plots = new Map([...section.querySelectorAll("[data-chart]")].map((figure) => [figure.dataset.chart, figure.querySelector("[data-plot]")]));
  const config = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false };
  // Fingers scroll the page past a chart; they choose a range above it.
  const fingers = matchMedia("(pointer: coarse)");
  // What a double click goes back to: the address without a range of its own.
  const usual = new URLSearchParams(location.search).get("range");
  const SHORTEST = 5 * 60_000;
  let zoom = null;
  let pointed = null;

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

  const figure = (name) => painted(JSON.parse(document.getElementById(`data-${name}`).textContent));

  const paint = async (name, plot, size = {}) => {
    const { data, layout } = figure(name);
    if (zoom) layout.xaxis.range = zoom;
    if (fingers.matches) layout.dragmode = false;
    await Plotly.react(plot, data, { ...layout, ...size }, config);
    if (!plot.dataset.linked) link(plot);
  };

  // Lets the browser answer people between one chart and the next.
  const breath = () => window.scheduler?.yield?.() ?? new Promise((resolve) => { setTimeout(resolve); });

  let round = 0;
  const draw = async () => {
    const mine = ++round;
    for (const [name, plot] of plots) {
      await breath();
      // Something newer is to be drawn, all of it.
      if (mine !== round) return;
      await paint(name, plot);
    }
    if (pointed) point(pointed);
  };

  const point = (xval, except) => plots.forEach((plot) => {
    if (plot !== except && plot.layout) Plotly.Fx.hover(plot, { xval }, "xy");
  });

  const link = (plot) => {
    plot.dataset.linked = "yes";
    plot.on("plotly_hover", (event) => {
      if (!event.event) return;
      // The event names the instant as text in UTC; pointing at it takes milliseconds.
      pointed = Date.parse(`${String(event.xvals[0]).replace(" ", "T")}Z`);
      point(pointed, plot);
    });
    plot.on("plotly_unhover", (event) => {
      if (!event.event) return;
      pointed = null;
      plots.forEach((other) => { if (other !== plot && other.layout) Plotly.Fx.unhover(other); });
    });
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] ?? (change["xaxis.range[0]"] && [change["xaxis.range[0]"], change["xaxis.range[1]"]]);
      // What the others are told comes back from them as an event of their own.
      if (range && String(range) !== String(zoom)) narrow(range, plot);
    });
    plot.on("plotly_doubleclick", widen);
  };

  // Shows at once what there is of a range in all charts, then asks the server for it: finer, in words, as a file.
  const narrow = (range, origin) => {
    zoom = range;
    plots.forEach((plot) => { if (plot !== origin && plot.layout) Plotly.relayout(plot, { "xaxis.range": [...range] }); });
    let [from, to] = range.map((end) => Date.parse(`${String(end).replace(" ", "T")}Z`));
    const short = Math.max(0, SHORTEST - (to - from)) / 2;
    from = Math.round((from - short) / 60_000) * 60_000;
    to = Math.max(Math.round((to + short) / 60_000) * 60_000, from + SHORTEST);
    const instant = (end) => new Date(end).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
    go(`?from=${instant(from)}&to=${instant(to)}`);
  };

  const widen = () => {
    if (new URLSearchParams(location.search).has("from")) go(usual ? `?range=${usual}` : location.pathname);
  };

  const go = (address) => {
    history.pushState(null, "", address);
    load();
  };

  // Puts the fresh words, tables and links where the old ones are, and draws the fresh figures.
  let asked = 0;
  const load = async () => {
    const turn = ++asked;
    const answer = await fetch(section.dataset.figures + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || turn !== asked || !(answer.ok || answer.status === 400)) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Somebody is in the middle of choosing a range.
    if (turn !== asked || [...plots.values()].some((plot) => plot._dragging)) return;
    if (!fresh.getElementById("presets")) return;
    section.querySelectorAll("[data-part], script[type='application/json']").forEach((part) => {
      const next = fresh.getElementById(part.id);
      if (next && !part.contains(document.activeElement) && !part.isEqualNode(next)) part.replaceWith(document.adoptNode(next));
    });
    zoom = null;
    await draw();
  };

  // A picture that explains itself: what it shows, of when, in words, on the ground of the present theme.
  const pictured = (name, plot) => {
    const { data, layout } = figure(name);
    const plain = (text) => text.trim().replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const words = (id) => plain(document.getElementById(id).firstChild.textContent);
    const shaded = [...document.querySelectorAll("#shaded .legend > span:not(:first-child)")].map((key) => plain(key.textContent));
    const said = [`${words("range-words")}. ${words(`sentence-${name}`)}`, ...(shaded.length ? [`Shaded: ${shaded.join(", ")}`] : [])];
    return { data, layout: {
      ...layout,
      xaxis: { ...layout.xaxis, range: plot.layout.xaxis.range },
      title: {
        text: `${plain(document.querySelector("h1").textContent)}: ${words(`title-${name}`)}`, x: 0.02, y: 0.96, yanchor: "top", font: { size: 18, color: colour("text") },
        subtitle: { text: said.join("<br>"), font: { size: 12, color: colour("muted") } },
      },
      margin: { l: 24, r: 24, t: 84 + 16 * (said.length - 1), b: 24 },
      paper_bgcolor: colour("surface"),
      plot_bgcolor: colour("surface"),
      showlegend: true,
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom", font: { color: colour("text") } },
    } };
  };

  const WIDE = 1200, HIGH = 560, SCALE = 2;
  const save = async (name, plot) => {
    // The page's policy lets pictures come as data, and not as blobs, which is why plotly.js does not make the PNG.
    const drawing = new Image();
    drawing.src = await Plotly.toImage({ ...pictured(name, plot), config }, { format: "svg", width: WIDE, height: HIGH });
    await drawing.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDE * SCALE, height: HIGH * SCALE });
    canvas.getContext("2d").drawImage(drawing, 0, 0, canvas.width, canvas.height);
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = `${document.getElementById(`csv-${name}`).dataset.file}.png`;
    link.click();
  };

  plots.forEach((plot, name) => {
    const button = plot.closest("[data-chart]").querySelector("[data-png]");
    button.disabled = false;
    button.addEventListener("click", () => save(name, plot));
  });
  section.addEventListener("click", (event) => {
    if (!event.target.closest("[data-reset]")) return;
    event.preventDefault();
    widen();
  });

  // Paper is light and narrow, whatever the screen is, and nobody opens anything on it.
  const bands = document.getElementById("bands");
  let theme = null, opened = null;
  addEventListener("beforeprint", () => {
    theme ??= root.dataset.theme;
    opened ??= bands.open;
    bands.open = true;
    root.dataset.theme = "light";
    round += 1;
    plots.forEach((plot, name) => paint(name, plot, { width: 640, height: 260 }));
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = theme;
    bands.open = opened;
    theme = opened = null;
    draw();
  });

  draw();
  addEventListener("popstate", load);
  document.body.addEventListener("htmx:afterSwap", (event) => {
    // A range of its own lies in the past and stays as it is.
    if (event.detail.target.id === "region" && !new URLSearchParams(location.search).has("from")) load();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
})();
