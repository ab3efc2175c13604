// Says when a preview cannot be had, and keeps what was opened in it open.
(() => {
  "use strict";
  const preview = document.getElementById("preview");
  const body = document.getElementById("preview-body");
  if (!preview || !body) return;
  let open = [];
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.body.addEventListener(name, (event) => {
      if (event.detail.elt !== preview) return;
      const note = document.createElement("p");
      note.className = "notice bad";
      note.setAttribute("role", "alert");
      note.textContent = "The server did not answer. What you have written is still here; the preview comes back with the next change.";
      body.replaceChildren(note);
    });
  }
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === body) open = [...body.querySelectorAll("details[open][id]")].map((element) => element.id);
  });
  // The sentences beside the fields are exchanged, the fields are not: they hold what is being written.
  document.body.addEventListener("htmx:oobAfterSwap", (event) => {
    const name = /^e-(.+)$/.exec(event.detail.target.id)?.[1];
    const field = name && document.getElementById(`f-${name}`);
    if (!field) return;
    const wrong = document.getElementById(`e-${name}`).textContent.trim() !== "";
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === body) open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  });
})();
