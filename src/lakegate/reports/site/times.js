// Every <time datetime> with an hour says how long ago it is, as well as when; its title is the reader's own clock.
// `short`: in its place on a screen (paper, which grows old, keeps the moment); `due`: late once it is over.
(() => {
  "use strict";
  const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  const moments = [...document.querySelectorAll("time[datetime*='T']")].flatMap((element) => {
    const at = Date.parse(element.dateTime);
    return Number.isNaN(at) ? [] : [{ element, at, words: frame(element, at) }];
  });

  function frame(element, at) {
    const full = document.createElement("span");
    full.className = "full";
    full.append(...element.childNodes);
    const words = document.createElement("span");
    words.className = "ago";
    element.title = local.format(at);
    element.append(full, words);
    return words;
  }

  function span(seconds) {
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? [];
    if (!unit) return "";
    const number = Math.floor(seconds / size);
    return `${number} ${unit}${number > 1 ? "s" : ""}`;
  }

  function said(seconds, due) {
    const length = span(Math.abs(seconds));
    if (due) return seconds > 0 ? (length ? `late by ${length}` : "late") : (length ? `due in ${length}` : "due now");
    if (!length) return "just now";
    return seconds > 0 ? `${length} ago` : `in ${length}`;
  }

  function refresh() {
    const now = Date.now();
    for (const { element, at, words } of moments) {
      const due = element.classList.contains("due");
      const length = said((now - at) / 1000, due);
      const text = element.classList.contains("short") ? length : ` (${length})`;
      if (words.textContent !== text) words.textContent = text;
      if (due) element.classList.toggle("late", now > at);
    }
    document.dispatchEvent(new Event("times"));
  }

  refresh();
  setInterval(refresh, 60000);
})();
