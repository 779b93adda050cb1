// What every page does: menus that close, a word for screen readers, fragments again when the zone was new.

const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

export function announce(words) {
  const region = document.getElementById("announcements");
  // The same sentence twice would be silent: screen readers announce changes.
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = words; });
}

document.addEventListener("htmx:after:swap", (event) => {
  const words = event.target.querySelector?.("[data-announce]")?.dataset.announce;
  if (words) announce(words);
});

// A form that is on its way is not sent twice, and says so.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-busy]")) return;
  if (button.classList.contains("is-busy")) event.preventDefault();
  setTimeout(() => {
    button.setAttribute("aria-disabled", "true");
    button.classList.add("is-busy");
  });
});
// Back from the browser's cache: the button works again.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(".is-busy")) {
    button.removeAttribute("aria-disabled");
    button.classList.remove("is-busy");
  }
});

addEventListener("load", () => {
  if ("zoneChanged" in document.documentElement.dataset) {
    document.body.dispatchEvent(new CustomEvent("zone-changed", { bubbles: true }));
  }
});
