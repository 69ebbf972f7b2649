// The two kinds of charts: lines over time, and shares of a total.

class LineChart extends Frame {
  // columnOf(series) returns the column to draw: { mean, low, high }.
  constructor(host, title, height, list, columnOf, { smooth = false, fromZero = false, scaled = false } = {}) {
    super(host, title, height, list);
    Object.assign(this, { columnOf, smooth, fromZero, scaled });
  }

  draw() {
    const shown = this.list.filter(({ label }) => !state.hidden.has(label));
    const drawn = shown.map(({ each, index }) => {
      const column = this.columnOf(each);
      return { each, index, column, values: smoothed(column.mean, this.smooth ? state.smoothing : 0) };
    });
    const visible = drawn.flatMap(({ each, column }) => {
      const [from, to] = inView(each.x);
      return [column.low.subarray(from, to), column.high.subarray(from, to)];
    });
    const scale = chooseScale(this.scaled ? state.scale : "auto", visible, this.fromZero);
    this.drawWith(scale, (layer, place) => {
      for (const { each, index, column } of drawn) {
        layer.append(make("path", { class: "band", fill: colour(index), d: bandPath(each, column, place) }));
        if (!this.smooth || !state.smoothing) continue;
        const rough = linePath(each, column.mean, place);
        layer.append(make("path", { class: "curve faint", stroke: colour(index), d: rough }));
      }
      for (const curve of drawn) this.drawLine(layer, place, curve, drawn);
    });
    this.remark.textContent = this.smooth ? this.explain(drawn) : "";
    this.svg.setAttribute("aria-label", this.describe(drawn));
  }

  drawLine(layer, place, { each, index, values }, drawn) {
    const line = make("path", { class: "curve", stroke: colour(index), d: linePath(each, values, place) });
    const same = this.smooth ? [] : drawn.filter((other) => sameCurve(other, { each, values }));
    if (same.length > 1) { // overlapping lines alternate
      line.setAttribute("stroke-dasharray", `${DASH} ${DASH * (same.length - 1)}`);
      line.setAttribute("stroke-dashoffset", -DASH * same.findIndex((other) => other.each === each));
    }
    layer.append(line);
    if (!this.smooth) return;
    for (const { section, series } of each.validation) {
      const path = linePath(series, this.columnOf(series).mean, place);
      const style = `stroke-dasharray: ${dashOf(section)} 3`;
      layer.append(make("path", { class: "curve validation", stroke: colour(index), d: path, style }));
    }
    for (const [position, count] of each.broken) {
      if (position < state.view[0] || position > state.view[1]) continue;
      const mark = make("text", { x: place.x(position), y: MARGIN.top + 4, "text-anchor": "middle" }, "✕");
      mark.setAttribute("style", `fill: ${colour(index)}`);
      mark.append(make("title", {}, `${each.name}: ${count} not finite`));
      layer.append(mark);
    }
  }

  // Return the legend of points that stand for several values, dashes and crosses.
  explain(drawn) {
    let most = 1;
    const found = new Set(drawn.flatMap(({ each }) => each.validation.map(({ section }) => section)));
    const dashes = data.sections.filter((section) => found.has(section));
    for (const { each } of drawn) for (const count of each.count) most = Math.max(most, count);
    return [
      most > 1 ? `each point: mean, lowest and highest of up to ${most} values` : "",
      dashes.length ? `dashed${dashes.length > 1 ? ", shortest first" : ""}: ${dashes.join(", ")}` : "",
      drawn.some(({ each }) => each.broken.length) ? "✕ not finite" : "",
    ].filter(Boolean).join(" · ");
  }

  describe(drawn) {
    const words = drawn.map(({ each, values }, index) => {
      const finite = values.filter(Number.isFinite);
      return `${this.list[index].label} from ${figure(finite[0])} to ${figure(finite.at(-1))}`;
    });
    return `${this.title}: ${words.join(", ")}`;
  }

  valueOf(name, position) {
    const { each } = this.list.find(({ label }) => label === name);
    if (!each.x.length) return null;
    const index = position === null ? each.x.length - 1 : nearestIndex(each.x, position);
    if (position !== null && Math.abs(each.x[index] - position) > each.gap) return figure(NaN);
    return figure(this.columnOf(each).mean[index]);
  }
}

const DASH = 8;

// Whether two curves are equal from end to end.
function sameCurve(one, other) {
  return one.values.length === other.values.length && one.values.every(
    (value, at) => value === other.values[at] && one.each.x[at] === other.each.x[at],
  );
}

class ShareChart extends Frame {
  constructor(host, title, height, list) {
    super(host, title, height, list);
    // Bins are wide enough to contain every term, even one that is computed rarely.
    const gap = Math.max(...list.map(({ each }) => (each.gap === Infinity ? 0 : each.gap)));
    const length = whole[1] - whole[0];
    this.bins = Math.max(1, Math.min(200, Math.floor(gap ? length / gap : 1)));
    this.sizes = list.map(({ each }) => this.sizesOf(each));
  }

  sizesOf(each) {
    const sizes = new Float64Array(this.bins);
    for (let i = 0; i < each.x.length; i += 1) {
      const bin = Math.floor(((each.x[i] - whole[0]) / (whole[1] - whole[0])) * this.bins);
      const size = Math.abs(each.weighted.mean[i]) * each.count[i];
      if (Number.isFinite(size)) sizes[Math.min(bin, this.bins - 1)] += size;
    }
    return sizes;
  }

  shares() {
    const totals = new Float64Array(this.bins);
    this.list.forEach(({ label }, at) => {
      if (!state.hidden.has(label)) this.sizes[at].forEach((size, bin) => { totals[bin] += size; });
    });
    return this.list.map(({ label }, at) =>
      this.sizes[at].map((size, bin) => (state.hidden.has(label) || !totals[bin] ? 0 : size / totals[bin])),
    );
  }

  draw() {
    this.current = this.shares();
    const label = (tick) => `${100 * tick} %`;
    const scale = { part: (value) => value, ticks: [0, 0.25, 0.5, 0.75, 1], label };
    this.drawWith(scale, (layer, place) => {
      const base = new Float64Array(this.bins);
      this.list.forEach(({ index }, at) => {
        const path = this.areaPath(base, this.current[at], place);
        layer.append(make("path", { class: "share", fill: colour(index), d: path }));
        this.current[at].forEach((share, bin) => { base[bin] += share; });
      });
    });
    const last = this.list.map(({ label }) => `${label} ${this.valueOf(label, null)}`);
    this.svg.setAttribute("aria-label", `${this.title}: at the end ${last.join(", ")}`);
  }

  areaPath(base, shares, place) {
    const edge = (bin) => place.x(whole[0] + (bin / this.bins) * (whole[1] - whole[0])).toFixed(1);
    let [upper, lower] = ["", ""];
    for (let bin = 0; bin < this.bins; bin += 1) {
      const [top, bottom] = [place.y(base[bin] + shares[bin]).toFixed(1), place.y(base[bin]).toFixed(1)];
      upper += `${bin ? "L" : "M"}${edge(bin)} ${top}L${edge(bin + 1)} ${top}`;
      lower = `L${edge(bin + 1)} ${bottom}L${edge(bin)} ${bottom}${lower}`;
    }
    return `${upper}${lower}Z`;
  }

  valueOf(name, position) {
    const at = this.list.findIndex(({ label }) => label === name);
    const part = position === null ? 1 : (position - whole[0]) / (whole[1] - whole[0]);
    let bin = Math.min(Math.floor(part * this.bins), this.bins - 1);
    const isEmpty = () => this.current.every((shares) => !shares[bin]);
    while (position === null && bin > 0 && isEmpty()) bin -= 1; // for a run that ended before the others
    if (isEmpty()) return figure(NaN);
    return `${(100 * this.current[at][bin]).toFixed(1)} %`;
  }
}
