// Lays out the charts: a section for each objective; with several runs, a chart for each term.

const quantityOf = (each) => each[state.quantity];
const weightOf = (each) => each.weight;

function section(host, title) {
  host.append(make("h3", {}, title));
  const wide = make("div", { class: several ? "panels" : "panels wide" });
  host.append(wide);
  return wide;
}

function titled(objective) {
  return objective ? `objective ${objective}` : "losses";
}

// Whether the weight of a term is the same in all runs, and the term was computed throughout.
function still(list) {
  const [first] = list[0].weight.mean;
  return list.every((each) => isWhole(each) && each.weight.mean.every((value) => value === first));
}

function isWhole({ x, gap }) {
  const reach = gap === Infinity ? 0 : gap; // a single value covers only its own position
  return x[0] - whole[0] <= reach && x.every((position, at) => !at || position - x[at - 1] <= reach);
}

function stillWeights(host, names, ofName) {
  const words = names.map((name) => `${name} = ${figure(ofName(name)[0].weight.mean[0])}`);
  if (words.length) host.append(make("p", {}, `Constant weights: ${words.join(", ")}.`));
}

function oneRun(host, objective, terms) {
  const list = terms.map((each, index) => ({ each, index, label: each.name }));
  const panels = section(host, titled(objective));
  new LineChart(panels, "losses", 300, list, quantityOf, { smooth: true, scaled: true });
  const ofName = (name) => terms.filter((each) => each.name === name);
  if (terms.every((each) => still([each]))) stillWeights(panels, terms.map((each) => each.name), ofName);
  else new LineChart(panels, "applied weight", 170, list, weightOf, { fromZero: true });
  if (list.length > 1) new ShareChart(panels, "share of the total", 170, list);
}

function manyRuns(host, objective, terms) {
  const names = [...new Set(terms.map((each) => each.name))];
  const ofName = (name) => terms.filter((each) => each.name === name);
  const ofTerm = (name) => ofName(name).map((each) => ({ each, index: each.runIndex, label: each.run.name }));
  const panels = section(host, titled(objective));
  for (const name of names) {
    new LineChart(panels, name, 220, ofTerm(name), quantityOf, { smooth: true, scaled: true });
  }
  const moving = names.filter((name) => !still(ofName(name)));
  if (moving.length) {
    const weights = section(host, `${titled(objective)}, applied weights`);
    for (const name of moving) new LineChart(weights, name, 140, ofTerm(name), weightOf, { fromZero: true });
  }
  stillWeights(host, names.filter((name) => !moving.includes(name)), ofName);
  if (names.length < 2) return;
  const shares = section(host, `${titled(objective)}, shares of the total`);
  runs.forEach((run, runIndex) => {
    const own = terms.filter((each) => each.runIndex === runIndex);
    const list = own.map((each) => ({ each, index: names.indexOf(each.name), label: each.name }));
    if (list.length) new ShareChart(shares, run.name, 160, list);
  });
}

addControls(document.getElementById("controls"));
const host = document.getElementById("charts");
for (const objective of objectives) {
  const terms = series.filter((each) => each.objective === objective);
  (several ? manyRuns : oneRun)(host, objective, terms);
}
for (const listener of listeners) listener();
