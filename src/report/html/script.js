"use strict";
// A press on a column's name sorts by it: numbers from the largest, names from the first; another press turns it round.
for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => {
    const isNumber = head.classList.contains("number");
    const before = head.getAttribute("aria-sort");
    const falls = before ? before === "ascending" : isNumber;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const value = (row) => {
      const cell = row.cells[place];
      return isNumber ? Number(cell.dataset.sort) : cell.textContent;
    };
    const compare = isNumber ? (a, b) => a - b : (a, b) => a.localeCompare(b);
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => compare(value(a), value(b)) * (falls ? -1 : 1));
    table.tBodies[0].append(...rows);
  }));
}
// What is wider than the page scrolls within itself, by the keys as well: only there it takes the focus.
const scrolls = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll(".scroll, pre").forEach((box) => scrolls.observe(box));
