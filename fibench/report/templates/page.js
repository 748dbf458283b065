"use strict";
// Nice to have only: sortable tables and a switch of theme. Without it the page says the same.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const key = (body, index) => body.rows[0].cells[index].dataset.sort ?? body.rows[0].cells[index].textContent;
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  if (table.tBodies.length < 3) continue;
  heads.forEach((head, index) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies].sort((a, b) => compare(key(a, index), key(b, index)) * (down ? -1 : 1));
      table.append(...rows);
    });
  });
}
const theme = document.createElement("button");
theme.className = "theme";
theme.type = "button";
const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark";
const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; name(); });
name();
document.querySelector("header").append(theme);
