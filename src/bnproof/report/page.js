"use strict";
// Filters and sorts the table of results. Texts of the report are only ever read, never run or parsed.
(() => {
  const form = document.getElementById("filters");
  const table = document.getElementById("table");
  const count = document.getElementById("count");
  if (!form || !table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase() + " " + row.dataset.statement.toLowerCase()]));

  const chosen = (name) => new Set(Array.from(form.elements).filter((box) => box.name === name && box.checked).map((box) => box.value));
  function filter() {
    const verdicts = chosen("verdict"), dtypes = chosen("dtype"), reports = chosen("report");
    const asked = words(form.elements.text.value);
    let shown = 0;
    for (const row of rows) {
      const { verdict, dtype, report } = row.dataset;
      const text = texts.get(row);
      row.hidden = !(verdicts.has(verdict) && dtypes.has(dtype) && reports.has(report) && asked.every((word) => text.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `Showing ${shown} of ${rows.length} results`;
  }

  function key(row, column) {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent.trim() : Number(cell.dataset.key);
  }
  function compare(a, b) {
    return typeof a === "number" ? a - b : a.localeCompare(b);
  }
  function sort(head) {
    const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const keyed = rows.map((row, place) => [key(row, head.cellIndex), place, row]);
    keyed.sort((a, b) => sign * compare(a[0], b[0]) || a[1] - b[1]);
    body.append(...keyed.map((each) => each[2]));
  }
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }

  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();

  // What is folded is printed as well.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details:not([open])")) {
      folded.open = true;
      opened.push(folded);
    }
  });
  addEventListener("afterprint", () => {
    for (const folded of opened.splice(0)) folded.open = false;
  });
})();
