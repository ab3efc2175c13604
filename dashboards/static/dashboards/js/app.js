// Keeps a page fresh without getting in the way: pages work without any of this.
(() => {
  "use strict";
  const region = document.getElementById("region");
  const unreachable = document.getElementById("unreachable");
  let refreshed = performance.now();
  let lost = false;

  const ago = (seconds) => {
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    return `${Math.floor(seconds / 3600)} h ago`;
  };

  const showAge = () => {
    const note = document.getElementById("as-of");
    if (!note) return;
    const seconds = Math.floor((performance.now() - refreshed) / 1000);
    note.textContent = `updated ${ago(seconds)}`;
    note.classList.toggle("late", lost);
    if (lost && unreachable) unreachable.querySelector("[data-since]").textContent = ago(seconds);
  };

  const reach = (reached) => {
    lost = !reached;
    if (unreachable) unreachable.hidden = reached;
    if (reached) refreshed = performance.now();
    showAge();
  };

  // Somebody is in the middle of something: a refresh would take it out of their hands.
  const busy = () => {
    const active = document.activeElement;
    if (active && region.contains(active) && active.matches("input:not([type=checkbox]), select, textarea")) return true;
    if (region.querySelector("details[open] form")) return true;
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && region.contains(selection.anchorNode));
  };

  const keep = () => ({
    open: [...region.querySelectorAll("details[open][id]")].map((element) => element.id),
    focus: region.contains(document.activeElement) ? path(document.activeElement) : null,
    scroll: [...region.querySelectorAll(".scroll")].map((element) => [element.scrollLeft, element.scrollTop]),
  });

  // An id, or the address of the link that has the focus.
  const path = (element) => element.id ? `#${CSS.escape(element.id)}`
    : element.matches("summary") && element.parentElement.id ? `#${CSS.escape(element.parentElement.id)} > summary`
    : element.matches("a[href]") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : null;

  const restore = (kept) => {
    kept.open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    region.querySelectorAll(".scroll").forEach((element, index) => {
      [element.scrollLeft, element.scrollTop] = kept.scroll[index] ?? [0, 0];
    });
    if (kept.focus && !region.contains(document.activeElement)) {
      region.querySelector(kept.focus)?.focus({ preventScroll: true });
    }
  };

  const follow = () => {
    let kept = null;
    document.body.addEventListener("htmx:configRequest", (event) => {
      // The address may have moved on since the page was loaded.
      if (event.detail.elt === region) event.detail.path = location.pathname + location.search;
    });
    document.body.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.elt === region && (document.hidden || busy())) event.preventDefault();
    });
    document.body.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.target === region && event.detail.shouldSwap) kept = keep();
    });
    document.body.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target !== region) return;
      if (kept) restore(kept);
      kept = null;
      reach(true);
    });
    for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
      document.body.addEventListener(name, (event) => { if (event.detail.elt === region) reach(false); });
    }
    document.addEventListener("visibilitychange", () => { if (!document.hidden) htmx.trigger(region, "refresh"); });
    setInterval(showAge, 1000);
    showAge();
  };

  const keys = () => document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea, [contenteditable]");
    const search = document.getElementById("search");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && search) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && !typing) {
      document.querySelectorAll(".popover[open]").forEach((element) => element.removeAttribute("open"));
    }
  });

  // The server keeps the theme; this only spares the reload.
  const themes = () => document.querySelector("[data-theme-switch]")?.addEventListener("submit", async (event) => {
    const form = event.currentTarget;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
    if (!answer) return reach(false);
    location.reload();
  });

  // What scrolls sideways is scrolled by keyboard too.
  const scrollers = () => document.querySelectorAll(".scroll:not([role])").forEach((element) => {
    if (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  });
  const watchScrollers = () => {
    new ResizeObserver(scrollers).observe(document.body);
    document.body.addEventListener("htmx:afterSwap", scrollers);
  };

  watchScrollers();
  if (region) follow();
  keys();
  themes();
  document.querySelectorAll("form[data-auto] select").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
  document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
