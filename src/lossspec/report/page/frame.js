// The base of all charts: caption, legend, axes, cursor, and zooming by dragging.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 54, right: 14, top: 10, bottom: 24 };

function make(tag, attributes = {}, ...children) {
  const node = ["svg", "g", "path", "line", "rect", "text"].includes(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const colour = (index) => `var(--c${index % 7})`;

class Frame {
  // list: the entries of the legend, { each, label, index }: a series, its label, its colour.
  constructor(host, title, height, list) {
    this.height = height;
    this.list = list;
    this.runs = [...new Set(list.map(({ each }) => each.run))];
    this.remark = make("span");
    this.legend = make("div", { class: "legend" });
    this.svg = make("svg", { tabindex: "0", role: "img" });
    this.title = title;
    const caption = make("figcaption", {}, make("span", {}, title), this.remark);
    host.append(make("figure", {}, caption, this.legend, this.svg));
    this.entries = list.map((curve) => this.addEntry(curve));
    this.watchPointer();
    charts.push(this);
    new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(this.svg.parentNode);
    listeners.push(() => this.draw());
  }

  addEntry({ label: name, index }) {
    const value = make("span", { class: "value" });
    const key = make("span", { class: "key", style: `background: ${colour(index)}` });
    const button = make("button", { type: "button", title: "show or hide" }, key, name, value);
    button.addEventListener("click", () => {
      const hidden = new Set(state.hidden);
      if (!hidden.delete(name)) hidden.add(name);
      update({ hidden });
    });
    this.legend.append(button);
    return { name, button, value };
  }

  // Draw the axes, and call `fill(layer, place)` to draw the content.
  drawWith(scale, fill) {
    const width = Math.max(this.svg.parentNode.clientWidth, 240);
    const bottom = this.height - MARGIN.bottom;
    const [begin, end] = state.view;
    const inner = { width: width - MARGIN.left - MARGIN.right, height: bottom - MARGIN.top };
    this.place = {
      x: (position) => MARGIN.left + ((position - begin) / (end - begin)) * inner.width,
      y: (value) => bottom - scale.part(value) * inner.height,
      position: (x) => begin + ((x - MARGIN.left) / inner.width) * (end - begin),
      bottom,
      width,
    };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    const box = { x: MARGIN.left, y: 0, width: inner.width, height: bottom };
    const layer = make("svg", { ...box, viewBox: `${MARGIN.left} 0 ${inner.width} ${bottom}` }); // clips
    this.svg.replaceChildren(this.grid(scale, inner), layer);
    fill(layer, this.place);
    this.svg.append(this.axes(scale, width));
    this.cursor = make("line", { class: "cursor", y1: MARGIN.top, y2: bottom });
    this.brush = make("rect", { class: "brush", y: MARGIN.top, height: inner.height, width: 0 });
    this.svg.append(this.cursor, this.brush);
    for (const { name, button } of this.entries) {
      button.setAttribute("aria-pressed", String(!state.hidden.has(name)));
    }
    this.point();
  }

  grid(scale, inner) {
    const group = make("g");
    const [x1, x2] = [MARGIN.left, MARGIN.left + inner.width];
    for (const tick of scale.ticks) {
      const y = this.place.y(tick);
      group.append(make("line", { class: "grid", x1, x2, y1: y, y2: y }));
    }
    return group;
  }

  axes(scale, width) {
    const { x, y, bottom } = this.place;
    const group = make("g");
    const label = scale.label ?? figure;
    for (const tick of scale.ticks) {
      group.append(make("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, label(tick)));
    }
    group.append(make("text", { x: 0, y: bottom + 16 }, data.unit));
    const ends = { x1: MARGIN.left, x2: width - MARGIN.right };
    group.append(make("line", { class: "axis", ...ends, y1: bottom, y2: bottom }));
    for (const tick of roundTicks(...state.view, Math.max(4, Math.floor(width / 90)))) {
      group.append(make("line", { class: "axis", x1: x(tick), x2: x(tick), y1: bottom, y2: bottom + 4 }));
      group.append(make("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, figure(tick)));
    }
    const [begin, end] = state.view;
    for (const run of this.runs) {
      for (const at of run.resumes) if (at >= begin && at <= end) this.mark(group, run, at);
    }
    return group;
  }

  // Mark where a run was resumed.
  mark(group, run, resume) {
    const x = this.place.x(resume);
    group.append(make("line", { class: "mark", x1: x, x2: x, y1: MARGIN.top, y2: this.place.bottom }));
    const text = several ? `${run.name} resumed` : "resumed";
    if (this.smooth) group.append(make("text", { x: x + 3, y: MARGIN.top + 9 }, text));
  }

  // Show the cursor, and the values there in the legend.
  point() {
    const { cursor } = state;
    const shown = cursor !== null && cursor >= state.view[0] && cursor <= state.view[1];
    this.cursor.setAttribute("visibility", shown ? "visible" : "hidden");
    if (shown) for (const name of ["x1", "x2"]) this.cursor.setAttribute(name, this.place.x(cursor));
    for (const entry of this.entries) {
      const value = this.valueOf(entry.name, cursor);
      entry.value.textContent = value === null || state.hidden.has(entry.name) ? "" : value;
    }
  }

  watchPointer() {
    let from = null;
    const at = (event) => {
      const box = this.svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * this.place.width;
      return Math.min(Math.max(this.place.position(x), state.view[0]), state.view[1]);
    };
    this.svg.addEventListener("pointerdown", (event) => {
      from = at(event);
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      setCursor(at(event));
      if (from === null) return;
      const [left, right] = [from, state.cursor].map(this.place.x).sort((a, b) => a - b);
      this.brush.setAttribute("x", left);
      this.brush.setAttribute("width", right - left);
    });
    this.svg.addEventListener("pointerup", (event) => {
      const to = at(event);
      if (from !== null && Math.abs(this.place.x(to) - this.place.x(from)) > 5) {
        zoom(Math.min(from, to), Math.max(from, to));
      }
      from = null;
      this.brush.setAttribute("width", 0);
    });
    this.svg.addEventListener("pointerleave", () => setCursor(null));
    this.svg.addEventListener("dblclick", () => zoom(...whole));
  }
}

const charts = [];

// Move the cursor of all charts; nothing else is redrawn.
function setCursor(position) {
  state.cursor = position;
  for (const chart of charts) if (chart.place) chart.point();
}
