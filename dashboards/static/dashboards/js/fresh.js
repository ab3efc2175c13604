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
    now.replaceWith(then);
    document.title = fresh.title;
  }, 60_000);
})();
