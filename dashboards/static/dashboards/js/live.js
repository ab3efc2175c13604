// Keeps a page fresh without getting in the way: pages work without any of this.
(() => {
  "use strict";
  const region = document.getElementById("region");
  const note = document.getElementById("unreachable");
  if (!region?.hasAttribute("hx-get")) return;
  const every = Number(region.dataset.every) * 1000;
  const asOf = () => document.getElementById("as-of");
  // What is swapped: the region, and what comes with it.
  const parts = () => [region, ...document.querySelectorAll("[data-live]")];
  const inside = (element) => Boolean(element) && parts().some((part) => part.contains(element));

  // How old it is ------------------------------------------------------------------------------------------------
  // One clock stands still while a laptop sleeps, the other may be set: the later of the two is believed.
  const clocks = () => [performance.now(), Date.now()];
  let drawn = clocks();
  let looked = clocks();
  let lost = false;
  const since = (then) => Math.max(0, ...clocks().map((clock, index) => clock - then[index]));

  const ago = (seconds) => {
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    return `${Math.floor(seconds / 3600)} h ago`;
  };

  const write = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

  const showAge = () => {
    const age = since(drawn);
    const told = ago(Math.floor(age / 1000));
    const waits = !lost && age > 2 * every && busy();
    write(asOf(), `updated ${told}${waits ? `, waits while you ${busy()}` : ""}`);
    asOf()?.classList.toggle("late", lost || age > 3 * every + 5000);
    if (lost) write(note?.querySelector("[data-since]"), told);
  };

  const refresh = () => htmx.trigger(region, "refresh");

  const beat = () => {
    const slept = since(looked) > every + 5000;
    looked = clocks();
    showAge();
    // Back from sleep, or free again after it was in the way.
    if (!document.hidden && (slept || (held && !busy()))) refresh();
  };

  // Whether it can be had ----------------------------------------------------------------------------------------
  const REASONS = {
    0: "The server is out of reach.",
    401: "You are logged out.",
    403: "You may not read this any more.",
    404: "This is not there any more.",
  };

  const lose = (status) => {
    lost = true;
    if (note) {
      note.hidden = false;
      write(note.querySelector("[data-reason]"), REASONS[status] ?? `The server answers with an error (${status}).`);
      const login = note.querySelector("[data-login]");
      if (login) login.hidden = status !== 401;
    }
    showAge();
  };

  const have = (xhr) => {
    const age = 1000 * Number(xhr?.getResponseHeader("Age") ?? 0);
    drawn = clocks().map((clock) => clock - age);
    lost = false;
    if (note) note.hidden = true;
    showAge();
  };

  // What somebody is in the middle of ----------------------------------------------------------------------------
  let held = false;
  const changed = (control) => {
    if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
    if (control.matches("select")) {
      const first = [...control.options].findIndex((option) => option.defaultSelected);
      return control.selectedIndex !== Math.max(first, 0);
    }
    return control.type !== "hidden" && control.value !== control.defaultValue;
  };

  // A refresh would take it out of their hands: what they do, in a word, or nothing.
  const busy = () => {
    const active = document.activeElement;
    if (inside(active) && active.matches("select")) return "choose";
    const controls = parts().flatMap((part) => [...part.querySelectorAll("input, select, textarea")]);
    if (controls.some((control) => control.checkVisibility() && changed(control))) return "write";
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && inside(selection.anchorNode) ? "select" : "";
  };

  const unfolds = (part) => [...part.querySelectorAll("details")].map((element) =>
    [element.id || element.querySelector("summary")?.textContent.trim(), element]);

  // An id, an address, or its place among its kind; addresses and kinds may be there more than once.
  const path = (element) => {
    const selector = element.id ? `#${CSS.escape(element.id)}`
      : element.matches("a[href]") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]`
      : element.matches("summary") && element.parentElement.id ? `#${CSS.escape(element.parentElement.id)} > summary`
      : element.tagName;
    return [selector, [...document.querySelectorAll(selector)].indexOf(element)];
  };

  const caret = (element) => {
    try { return [element.selectionStart, element.selectionEnd]; } catch { return null; }
  };

  // The first thing with a name that is in sight: it stays where it is, whatever grows above it.
  const anchor = () => {
    if (!scrollY) return null;
    const top = document.querySelector(".top")?.offsetHeight ?? 0;
    for (const element of region.querySelectorAll("[id]")) {
      const box = element.getBoundingClientRect();
      if (box.top >= top && element.checkVisibility()) return { id: element.id, top: box.top };
    }
    return null;
  };

  // `by`: what asked for the answer; its own fields are told by the answer.
  const keep = (by) => {
    const active = document.activeElement;
    const written = parts().flatMap((part) => [...part.querySelectorAll("input[id], textarea[id]")])
      .filter((control) => !["checkbox", "radio"].includes(control.type) && !by.contains(control) && changed(control));
    return {
      written: by === region ? [] : written.map((control) => [control.id, control.value]),
      open: new Map(parts().flatMap(unfolds).map(([name, element]) => [name, element.open])),
      focus: inside(active) ? [...path(active), caret(active)] : null,
      scroll: parts().flatMap((part) => [...part.querySelectorAll(".scroll")]).map((element) => [element.scrollLeft, element.scrollTop]),
      anchor: anchor(),
    };
  };

  const restore = (kept) => {
    kept.written.forEach(([id, value]) => { const control = document.getElementById(id); if (control) control.value = value; });
    parts().flatMap(unfolds).forEach(([name, element]) => { if (kept.open.has(name)) element.open = kept.open.get(name); });
    parts().flatMap((part) => [...part.querySelectorAll(".scroll")]).forEach((element, index) => {
      [element.scrollLeft, element.scrollTop] = kept.scroll[index] ?? [0, 0];
    });
    if (kept.focus && !inside(document.activeElement)) {
      const [selector, index, span] = kept.focus;
      const element = document.querySelectorAll(selector)[index];
      element?.focus({ preventScroll: true });
      if (span && span[0] !== null) element?.setSelectionRange?.(...span);
    }
    const stays = kept.anchor && document.getElementById(kept.anchor.id);
    if (stays) scrollBy({ top: stays.getBoundingClientRect().top - kept.anchor.top, behavior: "instant" });
  };

  // Fetching and swapping ----------------------------------------------------------------------------------------
  // Something between us and the server answered with a page of its own.
  const foreign = (text) => !text.includes('id="as-of"') || /<html[\s>]/i.test(text);

  let kept = null;
  let swaps = 0;
  let asked = 0;
  const on = (name, act) => document.body.addEventListener(name, act);
  on("htmx:configRequest", (event) => {
    if (event.detail.target !== region) return;
    // The address may have moved on since the page was loaded.
    if (event.detail.elt === region) event.detail.path = location.pathname + location.search;
    if (asOf()) event.detail.headers["Brownout-Seen"] = asOf().dateTime;
  });
  on("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== region) return;
    held = Boolean(busy());
    asked = swaps;
    if (document.hidden || held) event.preventDefault();
  });
  on("htmx:beforeSwap", (event) => {
    const { target, shouldSwap, xhr } = event.detail;
    const { elt } = event.detail.requestConfig;
    if (target !== region || !shouldSwap) return;
    held = elt === region && Boolean(busy());
    // What somebody did was answered meanwhile: this answer may be of the time before.
    const overtaken = elt === region && asked !== swaps;
    event.detail.shouldSwap = !held && !overtaken && !foreign(xhr.responseText);
    if (foreign(xhr.responseText)) lose(0);
    if (event.detail.shouldSwap) kept = keep(elt);
  });
  on("htmx:afterSwap", (event) => {
    if (event.detail.target !== region) return;
    if (kept) restore(kept);
    kept = null;
    swaps += 1;
    have(event.detail.xhr);
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    on(name, (event) => {
      const status = event.detail.xhr?.status ?? 0;
      if (event.detail.target === region || status === 401) lose(status);
    });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });
  on("brownout:lost", () => lose(0));
  addEventListener("online", refresh);
  setInterval(beat, 1000);
  showAge();
})();
