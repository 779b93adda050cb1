// The calendar page: FullCalendar over our feed, its place in the address, and changes as they come.

import { open as openDrawer } from "./drawer.js";
import { classes, content } from "./events.js";
import { listen } from "./live.js";
import { announce } from "./page.js";
import { locale } from "./times.js";

const sheet = document.getElementById("calendar");
const known = JSON.parse(document.getElementById("known-events").textContent);
const trouble = document.getElementById("trouble");
const narrow = matchMedia("(max-width: 767.98px)");
// Seven days do not fit on a phone: its week is three days at a time.
const VIEWS = { day: "timeGridDay", week: "timeGridWeek", month: "dayGridMonth", agenda: "listWeek" };
const typeOf = (name) => (name === "week" && narrow.matches ? "timeGridThreeDay" : VIEWS[name]);
const nameOf = (type) => Object.keys(VIEWS).find((name) => VIEWS[name] === type) ?? "week";

// --- which calendars are shown, remembered in this browser -----------------------------------------------------

const form = document.getElementById("shown");
const memory = `hidden-calendars-${sheet.dataset.home}`;
const boxes = [...form.querySelectorAll("input[name=calendar]")];
const hidden = new Set(JSON.parse(localStorage.getItem(memory) ?? "[]"));
for (const box of boxes) box.checked = !hidden.has(box.value);
const isShown = () => new Set(boxes.filter((box) => box.checked).map((box) => Number(box.value)));

form.addEventListener("change", () => {
  localStorage.setItem(memory, JSON.stringify(boxes.filter((box) => !box.checked).map((box) => box.value)));
  calendar.refetchEvents();
});

// --- events ------------------------------------------------------------------------------------------------------

// What is on the page already, or was fetched last: a range that lies inside needs no question.
let held = { start: new Date(known.start), end: new Date(known.end), events: known.events };
let retry = 0;
let repeat = () => calendar.refetchEvents();

const holds = ({ start, end }) => held.start <= start && end <= held.end;

async function events({ start, end }, success, failure) {
  try {
    if (!holds({ start, end })) held = { start, end, events: await fetchEvents(start, end) };
    const shown = isShown();
    success(held.events.filter((event) => shown.has(event.calendar)));
    calm();
  } catch (error) {
    failure(error);
    complain(() => calendar.refetchEvents());
  }
}

// Ask again for what is shown, and draw only if something is different: what has the focus keeps it.
async function again() {
  const { start, end } = held;
  try {
    const events = await fetchEvents(start, end);
    calm();
    if (start !== held.start || JSON.stringify(events) === JSON.stringify(held.events)) return false;
    held = { start, end, events };
    calendar.refetchEvents();
    return true;
  } catch {
    complain(again);
    return false;
  }
}

async function fetchEvents(start, end) {
  const query = new URLSearchParams({ start: start.toISOString(), end: end.toISOString() });
  const response = await fetch(`${sheet.dataset.events}?${query}`, { headers: { Accept: "application/json" } });
  // Signed out meanwhile: the way back is the page's own.
  if (response.redirected || response.status === 401) location.reload();
  if (!response.ok) throw new Error(`feed: ${response.status}`);
  return response.json();
}

function complain(ask) {
  trouble.hidden = false;
  clearTimeout(retry);
  repeat = ask;
  retry = setTimeout(ask, 10_000);
}

function calm() {
  clearTimeout(retry);
  trouble.hidden = true;
}

// --- the calendar --------------------------------------------------------------------------------------------------

const firstDay = () => {
  const info = new Intl.Locale(navigator.language || "en");
  return (info.getWeekInfo?.() ?? info.weekInfo ?? { firstDay: 1 }).firstDay % 7;
};

const first = typeOf(sheet.dataset.view) ?? typeOf(narrow.matches ? "agenda" : "week");
const hour = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 ? "numeric" : "2-digit";
// Hours scroll inside a sheet as high as the window (css/calendar.css); days and lists are as long as they are.
const heightOf = (type) => (type.startsWith("timeGrid") ? "100%" : "auto");

const calendar = new FullCalendar.Calendar(sheet, {
  initialView: first,
  height: heightOf(first),
  initialDate: sheet.dataset.date,
  timeZone: "local",
  locale,
  firstDay: firstDay(),
  headerToolbar: false,
  nowIndicator: true,
  navLinks: true,
  navLinkDayClick: (date) => show("day", date),
  // Working hours fill the sheet; whatever lies outside is a scroll away.
  scrollTime: "07:30:00",
  slotDuration: "00:30:00",
  slotMinHeight: 24,
  eventMinHeight: 22,
  eventShortHeight: 40,
  dayMaxEvents: 4,
  slotEventOverlap: false,
  displayEventEnd: true,
  eventTimeFormat: { hour, minute: "2-digit" },
  slotHeaderFormat: hour === "numeric" ? { hour } : { hour, minute: "2-digit" },
  lazyFetching: false,
  allDayText: "All day",
  noEventsText: "Nothing planned",
  titleFormat: { day: "numeric", month: narrow.matches ? "short" : "long", year: "numeric" },
  views: {
    timeGridThreeDay: { type: "timeGrid", duration: { days: 3 } },
    dayGridMonth: { displayEventEnd: false, titleFormat: { month: "long", year: "numeric" } },
    listWeek: {
      listDayFormat: { weekday: "long" },
      listDayAltFormat: { day: "numeric", month: "long" },
    },
  },
  events,
  eventClass: classes,
  eventContent: content,
  eventClick: ({ jsEvent, event, el }) => {
    if (jsEvent.ctrlKey || jsEvent.metaKey || jsEvent.shiftKey) return;
    jsEvent.preventDefault();
    openDrawer(event.url, () => sheet.querySelector(`[data-event="${event.id}"]`) ?? sheet);
  },
  listDaysClass: "lines",
  listDayClass: "lines-day",
  listDayHeaderClass: "lines-date",
  listDayBodyClass: "lines-body",
  eventDidMount: ({ el, event }) => {
    el.dataset.event = event.id;
    // FullCalendar's agenda says of links that they are list items, which hides that they are links.
    if (el.getAttribute("role") === "listitem") queueMicrotask(() => dropRole(el));
    // Drawn anew, an event is another element: it takes the focus over from the one that it replaces.
    if (event.id === focused && (!document.activeElement || document.activeElement === document.body)) el.focus();
    // A colour that the person chose freely in Outlook; the others are classes.
    if (event.extendedProps.fill) el.style.setProperty("--cal", event.extendedProps.fill);
  },
  datesSet: ({ view, start, end }) => {
    document.getElementById("cal-title").textContent = view.title;
    const current = nameOf(view.type);
    sheet.parentElement.dataset.shape = current;
    for (const button of document.querySelectorAll("[data-view]")) {
      if (button !== sheet) button.setAttribute("aria-pressed", button.dataset.view === current);
    }
    const now = new Date();
    document.querySelector("[data-go=today]").toggleAttribute("disabled", start <= now && now < end);
    remember(current);
  },
});
function dropRole(link) {
  link.removeAttribute("role");
  link.parentElement?.removeAttribute("role");
}

let focused = "";
sheet.addEventListener("focusin", ({ target }) => { focused = target.dataset.event ?? ""; });
document.addEventListener("focusin", ({ target }) => { if (!sheet.contains(target)) focused = ""; });
sheet.replaceChildren();
calendar.render();

function show(view, date) {
  calendar.batchRendering(() => {
    calendar.setOption("height", heightOf(typeOf(view)));
    calendar.changeView(typeOf(view), date);
  });
}
narrow.addEventListener("change", () => show(nameOf(calendar.view.type)));

function remember(view) {
  const date = calendar.getDate();
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  history.replaceState(null, "", `?${new URLSearchParams({ view, date: day.join("-") })}`);
}

document.querySelector(".cal-tools").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.dataset.view) show(button.dataset.view);
  if (button?.dataset.go) calendar[button.dataset.go]();
});
trouble.querySelector("button").addEventListener("click", () => repeat());

// --- changes as they come ------------------------------------------------------------------------------------------

let waiting = 0;
listen(sheet.dataset.stream, () => {
  // A round touches several calendars in a row: one question for all of them.
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    document.body.dispatchEvent(new CustomEvent("calendar-changed"));
    if (await again()) announce("Your calendar has changed.");
  }, 150);
});
document.body.addEventListener("zone-changed", again);
