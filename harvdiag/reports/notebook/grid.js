// Sorts and filters a long table. Text from the cluster is compared and never becomes markup.
(() => {
  const begun = (window.harvdiagGrids ||= new WeakSet());
  const order = new Intl.Collator(undefined, { numeric: true });
  const shown = (cell) => cell.textContent.trim();
  const key = (row, at) => row.cells[at].dataset.sort || shown(row.cells[at]);

  function sort(table, head, at) {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const empty = (row) => shown(row.cells[at]) === "–";
    const rows = [...table.tBodies[0].rows].sort((a, b) =>
      empty(a) - empty(b) || (up ? 1 : -1) * order.compare(key(a, at), key(b, at)));
    table.tBodies[0].append(...rows);
  }

  function start(root) {
    const table = root.querySelector("table"), rows = [...table.tBodies[0].rows];
    const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "filter" });
    search.setAttribute("aria-label", "filter the rows");
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    count.style.marginLeft = "1em";
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    };
    search.addEventListener("input", filter);
    search.addEventListener("keydown", (event) => event.stopPropagation()); // a letter would drive the notebook
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      button.title = "sort by this column";
      button.style.cssText = "all:unset;cursor:pointer;text-decoration:underline dotted";
      button.addEventListener("click", () => sort(table, head, at));
      button.addEventListener("focus", () => { button.style.outline = "2px solid"; });
      button.addEventListener("blur", () => { button.style.outline = ""; });
      head.append(button);
    });
    root.prepend(search, count);
    filter();
  }

  const mine = document.currentScript?.closest(".hd-grid");
  for (const root of new Set([...(mine ? [mine] : []), ...document.querySelectorAll(".hd-grid")])) {
    if (begun.has(root)) continue;
    begun.add(root);
    start(root);
  }
})();
