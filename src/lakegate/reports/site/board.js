// Filters of the board, kept in the address behind `#` so that a filtered board is a link, and its keys.
(() => {
  "use strict";
  const form = document.querySelector("form.filters");
  if (!form) return;
  const { q, zone, state, owner, domain } = form.elements;
  const chosen = { zone, state, owner, domain };
  const keys = document.querySelector(".keys");
  const single = keys.querySelector("input");
  const hits = document.querySelector(".hits");
  const sections = [...document.querySelectorAll("main section")];
  const counts = sections.map((section) => section.querySelector(".count"));
  const cards = new Map([...document.querySelectorAll(".held [data-dataset]")].map((card) => [card.dataset.dataset, card]));
  const lines = [...document.querySelectorAll("tr[data-dataset]")].map((row) => ({
    row,
    card: cards.get(row.dataset.dataset),
    due: row.querySelector(".due"),
    zone: row.closest("section").dataset.zone,
    state: row.dataset.state,
    owner: row.dataset.owner,
    domain: row.dataset.domain,
  }));
  const LATE = "late";
  const WORDS = { owner: "none named", domain: "none named" };
  const isLate = (line) => line.due !== null && line.due.classList.contains(LATE);

  // What a line is found by: all that can be read in it but moments, which say something else every minute.
  function text(line) {
    line.text ??= [line.row, line.card].filter(Boolean).map((element) => {
      const copy = element.cloneNode(true);
      for (const other of copy.querySelectorAll("time, svg")) other.remove();
      return copy.textContent;
    }).join(" ").toLowerCase();
    return line.text;
  }

  // An option's value is `=` and the word, so that "of no owner" and "any" are two.
  function offer(name, words) {
    const select = chosen[name];
    select.replaceChildren(new Option("any", ""), ...words.map((word) => new Option(word || WORDS[name], `=${word}`)));
    select.closest("label").hidden = words.length < 2;
  }

  function choose(name, word) {
    const select = chosen[name];
    const value = word === null ? "" : `=${word}`;
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(word || WORDS[name], value));
    select.value = value;
    if (value) select.closest("label").hidden = false;
  }

  const words = (name) => [...new Set(lines.map((line) => line[name]))];
  const sorted = (name) => words(name).sort((a, b) => (a === "") - (b === "") || a.localeCompare(b));

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = ["q", ...Object.keys(chosen)].some((name) => asked.has(name));
    if (location.hash.length > 1 && !known) return; // a place in the page
    q.value = asked.get("q") ?? "";
    for (const name of Object.keys(chosen)) choose(name, asked.get(name));
    show();
  }

  let later;
  function changed() {
    show();
    clearTimeout(later);
    later = setTimeout(write, 200); // not at each letter: browsers refuse an address that changes all the time
  }

  function write() {
    const told = new URLSearchParams();
    if (q.value.trim()) told.set("q", q.value.trim());
    for (const [name, select] of Object.entries(chosen)) if (select.value) told.set(name, select.value.slice(1));
    const wanted = told.size ? `#${told}` : "";
    if (wanted !== location.hash) history.replaceState(null, "", wanted || location.pathname + location.search);
  }

  function fits(line, asked) {
    for (const [name, select] of Object.entries(chosen)) {
      const word = select.value.slice(1);
      if (!select.value || (name === "state" && word === LATE && isLate(line))) continue;
      if (line[name] !== word) return false;
    }
    return asked.every((part) => text(line).includes(part));
  }

  function show() {
    const asked = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = asked.length > 0 || Object.values(chosen).some((select) => select.value);
    let found = 0;
    for (const line of lines) {
      const hidden = !fits(line, asked);
      line.row.hidden = hidden;
      if (line.card) line.card.hidden = hidden;
      if (!hidden) found += 1;
    }
    sections.forEach((section, number) => {
      const all = section.querySelectorAll("[data-dataset]");
      const shown = [...all].filter((element) => !element.hidden).length;
      section.hidden = shown === 0;
      counts[number].textContent = shown === all.length ? all.length : `${shown} of ${all.length}`;
    });
    for (const chip of chips.querySelectorAll("li")) {
      const link = chip.querySelector("a");
      if (state.value === `=${chip.dataset.state}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const told = !filtered ? "" : found ? `${found} of ${lines.length} datasets` : "No dataset is like that: Esc or Clear shows all.";
    if (hits.textContent !== told) hits.textContent = told;
  }

  // The numbers at the top become links to what they count, and one of what is late comes with them.
  const chips = document.querySelector("main .tally");
  const late = document.createElement("li");
  late.className = "tone blocked";
  late.dataset.state = LATE;
  late.append(document.createElement("b"), " late");
  chips.append(late);
  for (const chip of chips.querySelectorAll("li")) {
    const link = document.createElement("a");
    link.href = `#${new URLSearchParams({ state: chip.dataset.state })}`;
    link.append(...chip.childNodes);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose("state", state.value === `=${chip.dataset.state}` ? null : chip.dataset.state);
      changed();
    });
    chip.append(link);
  }

  function clear() {
    q.value = "";
    for (const name of Object.keys(chosen)) choose(name, null);
    changed();
  }

  function move(step) {
    const names = [...document.querySelectorAll("main .name")].filter((name) => !name.closest("[hidden]"));
    const here = document.activeElement.closest("[data-dataset]")?.querySelector(".name");
    const place = names.indexOf(here);
    const next = names[place < 0 ? 0 : Math.min(Math.max(place + step, 0), names.length - 1)];
    next?.focus();
    next?.closest("[data-dataset]").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const on = event.target;
    const typing = on === q;
    const other = on.matches("select, button, input") && !typing;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const arrow = event.key.startsWith("Arrow");
    if (event.key === "Escape" && !on.matches("select")) clear();
    else if (event.key === "Enter" && typing) move(1);
    else if (event.key === "/" && !typing && single.checked) q.select();
    else if (step && arrow && (on.closest("[data-dataset]") || (typing && step > 0))) move(step);
    else if (step && !arrow && !typing && !other && single.checked) move(step);
    else return;
    event.preventDefault();
  });

  // Who dictates, or has keys of their own, turns the single ones off: remembered where the browser lets us.
  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  single.checked = store?.getItem("lakegate-keys") !== "off";
  single.addEventListener("change", () => store?.setItem("lakegate-keys", single.checked ? "on" : "off"));

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); clear(); });
  form.addEventListener("input", changed);
  window.addEventListener("hashchange", read);
  document.addEventListener("times", () => {
    const number = lines.filter(isLate).length;
    late.hidden = number === 0;
    late.querySelector("b").textContent = number;
    if (state.value === `=${LATE}`) show();
  });

  offer("zone", words("zone"));
  offer("state", [...[...chips.querySelectorAll("li")].map((chip) => chip.dataset.state)]);
  offer("owner", sorted("owner"));
  offer("domain", sorted("domain"));
  form.hidden = keys.hidden = false;
  late.hidden = !lines.some(isLate);
  late.querySelector("b").textContent = lines.filter(isLate).length;
  read();
})();
