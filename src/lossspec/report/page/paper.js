// For printing: opens all details, and draws the charts for the width of paper.

let unfolded = [];

addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("main details:not([open])")];
  for (const each of unfolded) each.open = true;
  document.documentElement.classList.add("paper");
  for (const listener of listeners) listener();
});

addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  for (const each of unfolded) each.open = false;
  for (const listener of listeners) listener();
});
