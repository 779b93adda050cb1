// Moments as people say them: in the viewer's zone and order, and kept true while the page is open.
// The same steps as `ago_in_words` in tenants/templatetags/almanac.py.

const region = new Intl.Locale(navigator.language || "en").maximize().region;
// Our words are English; how days and hours are written follows the viewer's region.
export const locale = region ? `en-${region}` : "en";

const STEPS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
const FORMATS = {
  exact: new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }),
  time: new Intl.DateTimeFormat(locale, { timeStyle: "short" }),
  day: new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date: new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" }),
};

export function agoInWords(moment, now = new Date()) {
  const age = Math.floor((now - moment) / 1000);
  if (age < 5) return "just now";
  if (age >= 31 * 86400) return `on ${FORMATS.date.format(moment)}`;
  const [size, name] = STEPS.find(([seconds]) => age >= seconds);
  const count = Math.floor(age / size);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

export function refresh(root = document) {
  for (const element of root.querySelectorAll("time[data-ago]")) {
    const moment = new Date(element.dateTime);
    write(element, agoInWords(moment));
    element.title = FORMATS.exact.format(moment);
  }
  for (const element of root.querySelectorAll("time[data-moment]")) {
    const zone = element.dataset.in;
    const format = zone ? new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone: zone }) : FORMATS[element.dataset.moment];
    write(element, format.format(new Date(element.dateTime)));
  }
  for (const element of root.querySelectorAll("[data-zone]")) {
    write(element, Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " "));
  }
}

refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 5000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
document.addEventListener("htmx:after:swap", () => refresh());
