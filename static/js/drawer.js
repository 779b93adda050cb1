// The drawer beside the calendar: one event, asked for as a fragment. Without a script its link opens a page.

const drawer = document.getElementById("drawer");
// Finds what had the focus: it may have been drawn anew meanwhile.
let back = null;

export async function open(address, opener) {
  back = opener;
  drawer.classList.add("is-loading");
  if (!drawer.open) drawer.showModal();
  await htmx.ajax("GET", address, { target: "#drawer-body", swap: "innerHTML" });
  drawer.classList.remove("is-loading");
  // A fragment that did not come leaves nothing in the drawer: the page of its own says why.
  if (!drawer.querySelector(".event")) location.assign(address);
}

if (drawer) {
  drawer.addEventListener("close", () => {
    document.getElementById("drawer-body").replaceChildren();
    back?.()?.focus?.();
  });
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-drawer]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link.href, () => link);
  });
}
