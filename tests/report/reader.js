// What a reader of the page can do, for the tests.
const charts = [...document.querySelectorAll("svg[tabindex]")];
const title = (svg) => svg.closest("figure").querySelector("figcaption").firstChild.textContent;
const legend = (svg) => Object.fromEntries([...svg.closest("figure").querySelectorAll(".legend button")].map(
  (button) => [button.childNodes[1].textContent, button.querySelector(".value").textContent]));
const button = (text) => [...document.querySelectorAll("button")].find((each) => each.textContent === text);
const pressed = (text) => button(text).getAttribute("aria-pressed");
const key = (name, target = document.body, more = {}) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
const point = (svg, type, part) => {
  const box = svg.getBoundingClientRect(), left = 54, right = 14;
  const clientX = box.left + left + part * (box.width - left - right);
  svg.dispatchEvent(new PointerEvent(type, { clientX, clientY: box.top + 60, bubbles: true, pointerId: 1 }));
};
const ticks = (svg) => [...svg.querySelectorAll("text[text-anchor=middle]")].map((each) => each.textContent)
  .filter((text) => !text.startsWith("✕")).map(Number);
const curves = (svg) => [...svg.querySelectorAll("path.curve:not(.faint)")].map((path) => path.getAttribute("d"));
for (const svg of charts) svg.setPointerCapture = () => {};
const drag = (svg, from, to) => {
  point(svg, "pointerdown", from);
  point(svg, "pointermove", (from + to) / 2);
  point(svg, "pointerup", to);
};
