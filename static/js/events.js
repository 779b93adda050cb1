// How one event is drawn: by its calendar's colour, and by what it means in shape and in words.

const SPRITE = document.querySelector("use[href*='icons.svg']").getAttribute("href").split("#")[0];
const STANDS = { tentative: "Tentative", free: "Free", oof: "Out of office", workingElsewhere: "Working elsewhere" };

export function classes({ event, view }) {
  const { look, showAs, cancelled, declined, unanswered } = event.extendedProps;
  const shape = view.type === "listWeek" ? "line" : "ev";
  return [
    shape, look, `show-${showAs}`, cancelled && "is-cancelled", declined && "is-declined", unanswered && "is-unanswered",
  ].filter(Boolean).join(" ");
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon ev-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

// What is drawn by hatching or a line through is said in a word, too.
function standing({ cancelled, declined, showAs }) {
  if (cancelled) return "Cancelled";
  return declined ? "Declined" : STANDS[showAs] ?? "";
}

export function content({ event, timeText, view, isShort }) {
  const { private: isPrivate, place } = event.extendedProps;
  const stands = standing(event.extendedProps);
  const title = element("span", "ev-title", event.title);
  const time = timeText && element("span", "ev-time", timeText);
  const where = place && element("span", "ev-place", place);
  if (isPrivate) title.prepend(icon("lock"), element("span", "visually-hidden", "Private: "));
  if (view.type === "listWeek") {
    const words = element("span", "line-words");
    words.append(...[title, where].filter(Boolean));
    return { domNodes: [time || element("span", "ev-time"), words, stands && element("span", "tag", stands)].filter(Boolean) };
  }
  if (stands) title.append(element("span", "visually-hidden", ` (${stands.toLowerCase()})`));
  const isGrid = view.type.startsWith("timeGrid") && !event.allDay;
  const body = element("span", isGrid && !isShort ? "ev-body is-tall" : "ev-body");
  body.append(...(isGrid ? [title, time, !isShort && where] : [time, title]).filter(Boolean));
  return { domNodes: [body] };
}
