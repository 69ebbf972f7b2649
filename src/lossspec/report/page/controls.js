// The controls of the page, by pointer and by keyboard.

function addControls(host) {
  const quantity = choice("Losses", ["weighted", "raw"], "quantity");
  const scale = choice("Scale", ["auto", "linear", "log"], "scale");
  const slider = make("input", { type: "range", min: 0, max: 0.99, step: 0.01 });
  const amount = make("output");
  slider.addEventListener("input", () => update({ smoothing: Number(slider.value) }));
  listeners.push(() => {
    slider.value = state.smoothing;
    amount.textContent = String(state.smoothing);
  });
  const reset = make("button", { type: "button" }, "Whole run");
  reset.addEventListener("click", () => zoom(...whole));
  const keys = make("details", {}, make("summary", {}, "Keys"), make("span", {}, KEYS));
  host.append(quantity, scale, make("label", {}, "Smoothing", slider, amount), reset, keys);
}

const KEYS =
  "Drag on a chart to zoom; double-click to show the whole run. With a chart focused: ← → move the cursor " +
  "(with Shift ten times as far), + − zoom, 0 shows the whole run. Anywhere: W switches between weighted and " +
  "raw, L changes the scale.";

function choice(title, options, key) {
  const group = make("fieldset", { role: "group", "aria-label": title }, make("span", {}, title));
  const buttons = options.map((option) => {
    const button = make("button", { type: "button" }, option);
    button.addEventListener("click", () => update({ [key]: option }));
    group.append(button);
    return button;
  });
  listeners.push(() => {
    options.forEach((option, at) => buttons[at].setAttribute("aria-pressed", String(state[key] === option)));
  });
  return group;
}

const next = (options, current) => options[(options.indexOf(current) + 1) % options.length];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "w") update({ quantity: next(["weighted", "raw"], state.quantity) });
  else if (event.key === "l") update({ scale: next(["auto", "linear", "log"], state.scale) });
  else if (!chartKey(event)) return;
  event.preventDefault();
});

// Handle the keys of the focused chart; return whether this was one of them.
function chartKey(event) {
  const chart = charts.find(({ svg }) => svg === event.target);
  if (!chart) return false;
  const [begin, end] = state.view;
  const middle = state.cursor ?? (begin + end) / 2;
  const step = ((end - begin) / 200) * (event.shiftKey ? 10 : 1);
  const scaled = (factor) => zoom(middle - (middle - begin) * factor, middle + (end - middle) * factor);
  const actions = {
    ArrowLeft: () => setCursor(Math.max(middle - step, begin)),
    ArrowRight: () => setCursor(Math.min(middle + step, end)),
    "+": () => scaled(0.5),
    "=": () => scaled(0.5),
    "-": () => scaled(2),
    0: () => zoom(...whole),
    Escape: () => zoom(...whole),
  };
  if (!actions[event.key]) return false;
  actions[event.key]();
  if (event.key.startsWith("Arrow")) readOut(chart);
  return true;
}

// Announce the values at the cursor to screen readers.
function readOut(chart) {
  const values = chart.entries.map(({ name }) => `${name} ${chart.valueOf(name, state.cursor)}`);
  document.getElementById("readout").textContent = `${data.unit} ${figure(state.cursor)}: ${values.join(", ")}`;
}
