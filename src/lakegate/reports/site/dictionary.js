// Search in the dictionary, kept in the address behind `#` so that what was found is a link, and its keys.
(() => {
  "use strict";
  const form = document.querySelector("form.filters");
  if (!form) return;
  const q = form.elements.q;
  const chosen = ["zone", "type", "class"].map((name) => [name, form.elements[name]]).filter(([, select]) => select);
  const hits = document.querySelector(".hits");
  const contents = document.querySelector(".contents");
  const datasets = [...document.querySelectorAll(".dataset")].map((section) => {
    const zone = section.closest(".zone");
    const head = [...section.children].filter((child) => child.tagName !== "TABLE").map((child) => child.textContent);
    const rows = [...section.querySelectorAll("tbody tr")].map((row) => ({ row, shown: true }));
    return { section, zone, rows, head: `${zone.dataset.zone} ${head.join(" ")}`.toLowerCase(), shown: true };
  });
  const links = [...contents.querySelectorAll("a")]; // in the order of the datasets
  const groups = [...document.querySelectorAll("[data-zone]")];
  const all = datasets.reduce((sum, dataset) => sum + dataset.rows.length, 0);

  function show() {
    const asked = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.fromEntries(chosen.map(([name, select]) => [name, select.value && select.value.slice(1)]));
    const any = Object.fromEntries(chosen.map(([name, select]) => [name, !select.value]));
    const filtered = asked.length > 0 || chosen.some(([, select]) => select.value);
    const ofFields = asked.length > 0 || !(any.type ?? true) || !(any.class ?? true);
    let found = 0;
    let in_ = 0;
    datasets.forEach((dataset, number) => {
      const here = any.zone || dataset.zone.dataset.zone === wanted.zone;
      const left = asked.filter((word) => !dataset.head.includes(word));
      let some = 0;
      for (const line of dataset.rows) {
        let fits = here && ((any.type ?? true) || line.row.dataset.type === wanted.type) && ((any.class ?? true) || line.row.dataset.class === wanted.class);
        if (fits && left.length) {
          line.text ??= line.row.textContent.toLowerCase();
          fits = left.every((word) => line.text.includes(word));
        }
        if (fits !== line.shown) line.row.hidden = !(line.shown = fits);
        if (fits) some += 1;
      }
      const shown = here && (some > 0 || (!left.length && (any.type ?? true) && (any.class ?? true)));
      if (shown !== dataset.shown) dataset.section.hidden = links[number].parentElement.hidden = !(dataset.shown = shown);
      found += some;
      if (shown) in_ += 1;
    });
    for (const group of groups) group.hidden = !group.querySelector(".dataset:not([hidden]), li:not([hidden]) > a[href^='#']");
    contents.hidden = ofFields;
    const told = !filtered ? "" : in_
      ? `${found.toLocaleString("en")} of ${all.toLocaleString("en")} fields, in ${in_} ${in_ === 1 ? "dataset" : "datasets"}`
      : "Nothing is like that: Esc or Clear shows all.";
    if (hits.textContent !== told) hits.textContent = told;
  }

  function choose(select, word) {
    select.value = word === null ? "" : `=${word}`;
    if (select.selectedIndex < 0) select.value = "";
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = ["q", ...chosen.map(([name]) => name)].some((name) => asked.has(name));
    if (location.hash.length > 1 && !known) return; // a place in the page
    q.value = asked.get("q") ?? "";
    for (const [name, select] of chosen) choose(select, asked.get(name));
    show();
  }

  function write() {
    const told = new URLSearchParams();
    if (q.value.trim()) told.set("q", q.value.trim());
    for (const [name, select] of chosen) if (select.value) told.set(name, select.value.slice(1));
    const wanted = told.size ? `#${told}` : "";
    if (wanted !== location.hash) history.replaceState(null, "", wanted || location.pathname + location.search);
    show();
  }

  function clear() {
    q.value = "";
    for (const [, select] of chosen) select.value = "";
    write();
    q.focus();
  }

  // What can be gone to: the names of fields that are shown, in their order.
  function move(step) {
    const names = [];
    for (const dataset of datasets) if (dataset.shown) for (const line of dataset.rows) if (line.shown) names.push(line.row);
    const place = names.indexOf(document.activeElement.closest("tr"));
    const row = names[place < 0 ? 0 : Math.min(Math.max(place + step, 0), names.length - 1)];
    row?.querySelector(".name").focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const on = event.target;
    const typing = on === q;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !on.matches("select")) clear();
    else if (event.key === "Enter" && typing) move(1);
    else if (event.key === "/" && !on.matches("input, select")) q.select();
    else if (step && (on.closest("tbody tr") || (typing && step > 0))) move(step);
    else return;
    event.preventDefault();
  });
  // A place in the page may be hidden by what is asked: then nothing is asked any more.
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) { q.value = ""; for (const [, select] of chosen) select.value = ""; show(); } });

  let waiting = 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => { event.preventDefault(); clear(); });
  form.addEventListener("input", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(write); });
  window.addEventListener("hashchange", read);
  form.hidden = document.querySelector(".keys").hidden = false;
  read();
})();
