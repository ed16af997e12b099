// Heads of plain tables become buttons that sort the rows; without scripts the tables are as they were.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 3 || table.querySelector(".group, .indent, [rowspan]")) continue;
  const original = [...body.rows];
  table.querySelectorAll("thead th").forEach((head, column) => {
    if (!head.textContent.trim() || head.colSpan > 1) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const state = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort ?? "none"];
      for (const other of table.querySelectorAll("thead th")) other.ariaSort = null;
      head.ariaSort = state === "none" ? null : state;
      const value = (row) => {
        const first = row.cells[column].firstChild?.textContent ?? ""; // not what stands in small type beneath
        const text = first.trim().replace(/[\u202f\u00a0, ]/g, "").replace("−", "-");
        return [Number.parseFloat(text), text];
      };
      const sorted = state === "none" ? original : [...original].sort((a, b) => {
        const [x, s] = value(a), [y, t] = value(b);
        const order = Number.isNaN(x) || Number.isNaN(y) ? s.localeCompare(t) : x - y || s.localeCompare(t);
        return state === "ascending" ? order : -order;
      });
      body.append(...sorted);
    });
  });
}
// A long table can be cut down to the rows that hold some words; a heading stays with what stands beneath it.
for (const table of document.querySelectorAll("table.long")) {
  const label = document.createElement("label"), field = document.createElement("input");
  label.className = "filter";
  label.append("Rows with", field);
  field.type = "search";
  table.closest(".scroll").before(label);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let heading = null, named = false;
    for (const row of [...table.tBodies].flatMap((body) => [...body.rows])) {
      const holds = words.every((word) => row.textContent.toLowerCase().includes(word));
      const inner = row.querySelector(".indent") !== null;
      if (row.matches(".group") || (!inner && row.nextElementSibling?.querySelector(".indent"))) {
        [heading, named] = [row, holds];
        row.hidden = !holds;
      } else {
        row.hidden = !holds && !(named && inner);
        if (!row.hidden && inner && heading) heading.hidden = false;
      }
    }
  });
}
// Only what is wider than its place can be scrolled, and only that is a stop of the keyboard.
const reach = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const wider = target.scrollWidth > target.clientWidth;
    target.tabIndex = wider ? 0 : -1;
    target.classList.toggle("wider", wider);
  }
});
for (const box of document.querySelectorAll(".scroll")) reach.observe(box);
