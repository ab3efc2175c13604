// Small helps on every page: pages work without any of this.
(() => {
  "use strict";
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
    if (answer) location.reload();
    else document.body.dispatchEvent(new Event("brownout:lost"));
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
  keys();
  themes();
  document.querySelectorAll("form[data-auto] select").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
})();
