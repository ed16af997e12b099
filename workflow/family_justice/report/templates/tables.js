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
// Only what is wider than its place can be scrolled, and only that is a stop of the keyboard.
const reach = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const wider = target.scrollWidth > target.clientWidth;
    target.tabIndex = wider ? 0 : -1;
    target.classList.toggle("wider", wider);
  }
});
for (const box of document.querySelectorAll(".scroll")) reach.observe(box);
