// Keeps a page without a region fresh: once a minute its main part is fetched again, unless nobody looks.
(() => {
  "use strict";
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [now, then] = [document.querySelector("main"), fresh.querySelector("main")];
    if (!then || now.contains(document.activeElement) || now.innerHTML === then.innerHTML) return;
    // What somebody has unfolded stays so.
    const unfolded = [...now.querySelectorAll("details")].map((part) => part.open);
    const parts = then.querySelectorAll("details");
    if (parts.length === unfolded.length) parts.forEach((part, index) => { part.open = unfolded[index]; });
    now.replaceWith(then);
    document.title = fresh.title;
  }, 60_000);
})();
