// Loads what draws charts once the page is there and the browser has nothing better to do: people read meanwhile.
(() => {
  "use strict";
  const wanted = document.currentScript.dataset.scripts.split(" ");
  const load = () => {
    performance.mark("charts-begin");
    wanted.forEach((src) => document.head.append(Object.assign(document.createElement("script"), { src, async: false })));
  };
  const soon = () => (window.requestIdleCallback ?? setTimeout)(load, { timeout: 2000 });
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
})();
