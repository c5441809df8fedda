"use strict";
// Shows the rankings in #explorer-data: it chooses, sorts and filters them, and computes none. All of their text is
// external, so it becomes text nodes and values, never markup.
(() => {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const part = (name) => document.getElementById("explorer-" + name);
  const table = part("table");
  const controls = ["account", "period", "classifier", "measure", "groups", "find"];
  const MISSING = "–";
  const WIDTH = 150;
  const MARGIN = 8;

  // A row of a ranking is [label, posts, accounts, share] by count, and else has the columns of a lift.
  const LIFT = { lift: 3, low: 4, high: 5, q: 6, mean: 7, median: 8, share: 9 };
  const COLUMNS = {
    rank: { title: "Rank", text: (row) => String(row.rank) },
    label: { title: "Label", text: (row) => data.labels[row.values[0]] },
    posts: { title: "Posts", text: (row) => row.values[1].toLocaleString("en-US") },
    accounts: { title: "Accounts", text: (row) => row.values[2].toLocaleString("en-US") },
    lift: { title: "Lift", text: (row) => row.values[LIFT.lift] },
    interval: {
      title: "95% interval",
      text: ({ values }) =>
        [values[LIFT.low], values[LIFT.high]].includes(MISSING) ? MISSING : values[LIFT.low] + " to " + values[LIFT.high],
      key: (row) => row.values[LIFT.low],
    },
    bar: { title: "On a log scale" },
    q: { title: "q", text: (row) => row.values[LIFT.q] },
    mean: { title: "Mean", text: (row) => row.values[LIFT.mean] },
    median: { title: "Median", text: (row) => row.values[LIFT.median] },
    share: { title: "Share of posts", text: (row) => row.values[row.values.length - 1] },
  };
  const DESCENDING = new Set(["posts", "accounts", "lift", "interval", "mean", "median", "share"]);

  let state = { sort: "rank", order: "ascending" };
  let shownColumns = "";

  function element(name, text, attributes) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    return made;
  }

  function drawing(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  // The number of a text such as "1,234", "12%", "<0.001" or ">1,000"; null where it is missing.
  function numberOf(text) {
    const digits = Number(text.replace(/[<>,%]/g, ""));
    if (text === MISSING || Number.isNaN(digits)) return null;
    return text[0] === "<" ? digits * 0.5 : text[0] === ">" ? digits * 2 : digits;
  }

  function fill(select, options) {
    for (const [value, text] of options) select.append(element("option", text, { value }));
    select.closest(".field").hidden = options.length < 2;
  }

  // An account that the data have no ranking of, and that has enough posts for one, is not offered.
  const isOffered = ([place]) => place === "0" || data.few.some(([few, days]) => String(few) === place && days === 0)
    || Object.keys(data.rankings).some((key) => key.startsWith(place + "."));

  const places = (names) => names.map((name, place) => [String(place), name]);

  function readControls() {
    for (const name of controls) {
      state[name] = name === "groups" ? part(name).checked : part(name).value;
    }
  }

  // Names of the choices, because their places may change from one page to the next.
  function writeAddress() {
    const wanted = new URLSearchParams({
      account: data.accounts[state.account],
      period: state.period,
      classifier: data.classifiers[state.classifier][0],
      measure: state.measure,
      groups: state.groups ? "1" : "0",
      find: state.find,
      sort: state.sort,
      order: state.order,
    });
    if (!state.find) wanted.delete("find");
    history.replaceState(null, "", "#explore?" + wanted);
  }

  function readAddress() {
    if (!location.hash.startsWith("#explore?")) return false;
    const wanted = new URLSearchParams(location.hash.slice("#explore?".length));
    const choose = (name, value) => {
      if ([...part(name).options].some((option) => option.value === value)) part(name).value = value;
    };
    choose("account", String(data.accounts.indexOf(wanted.get("account"))));
    choose("classifier", String(data.classifiers.findIndex(([name]) => name === wanted.get("classifier"))));
    choose("period", wanted.get("period"));
    choose("measure", wanted.get("measure"));
    if (wanted.has("groups")) part("groups").checked = wanted.get("groups") === "1";
    part("find").value = wanted.get("find") || "";
    state.sort = Object.hasOwn(COLUMNS, wanted.get("sort")) ? wanted.get("sort") : "rank";
    state.order = wanted.get("order") === "descending" ? "descending" : "ascending";
    return true;
  }

  // The ranking of the choice: its rows, or why there are none.
  function findRanking() {
    const account = Number(state.account);
    const asked = Number(state.period);
    const same = data.same.find(([place, days]) => place === account && days === asked);
    const period = same ? same[2] : asked;
    if (data.few.some(([place, days]) => place === account && days === period)) {
      return { rows: [], why: "Too few posts for a ranking: fewer than " + data.minPosts + "." };
    }
    const groups = state.groups && data.classifiers[state.classifier][1] ? 1 : 0;
    const found = data.rankings[[account, period, state.classifier, state.measure, groups].join(".")];
    if (!found) return { rows: [], why: "This page does not have this ranking; the command likelens rank has it." };
    const rows = found[1].map((values, place) => ({ rank: place + 1, values }));
    const why = state.measure === "count" ? "No label here." : "No label here has the " + data.minPosts + " posts with a known number that a lift needs.";
    return { rows, posts: found[0], why: rows.length ? "" : why };
  }

  function columnsOf(measure) {
    const names = measure === "count" ? ["rank", "label", "posts", "accounts", "share"]
      : ["rank", "label", "lift", "bar", "interval", "posts", "accounts", "q", "mean", "median", "share"];
    return names.filter((name) => name !== "accounts" || data.accounts.length > 1);
  }

  function sortRows(rows) {
    const column = COLUMNS[state.sort];
    const key = column.key || column.text;
    const sign = state.order === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [state.sort === "label" ? key(row) : numberOf(key(row)), row]);
    keyed.sort(([one, left], [other, right]) => {
      if (one === null || other === null) return (one === null) - (other === null) || left.rank - right.rank;
      const order = state.sort === "label" ? one.localeCompare(other) : one - other;
      return sign * order || left.rank - right.rank;
    });
    return keyed.map(([, row]) => row);
  }

  // A scale from the lowest to the highest end of the intervals, with 1 in it; it maps a ratio to a place.
  function scaleOf(rows) {
    const ends = rows.flatMap(({ values }) => [numberOf(values[LIFT.low]), numberOf(values[LIFT.high])]);
    const known = ends.filter((end) => end !== null && end > 0);
    const low = Math.log2(Math.max(1 / 64, Math.min(0.5, ...known)));
    const high = Math.log2(Math.min(64, Math.max(2, ...known)));
    const place = (ratio) => {
      const share = (Math.log2(Math.max(ratio, 2 ** -9)) - low) / (high - low);
      return MARGIN + Math.min(1, Math.max(0, share)) * (WIDTH - 2 * MARGIN);
    };
    return { low, high, place };
  }

  function drawScale({ low, high, place }) {
    const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} 16`, width: WIDTH, height: 16, "aria-hidden": "true" });
    const step = Math.max(1, Math.ceil((high - low) / 5));
    for (let power = Math.ceil(low / step) * step; power <= high; power += step) {
      const text = drawing("text", { x: place(2 ** power), y: 12, "text-anchor": "middle" });
      text.textContent = power < 0 ? "1/" + 2 ** -power : String(2 ** power);
      svg.append(text);
    }
    return svg;
  }

  function drawBar(values, { place }) {
    const [lift, low, high] = [LIFT.lift, LIFT.low, LIFT.high].map((column) => numberOf(values[column]));
    const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} 20`, width: WIDTH, height: 20, "aria-hidden": "true" });
    svg.append(drawing("line", { class: "one", x1: place(1), x2: place(1), y1: 0, y2: 20 }));
    if (lift === null) return svg;
    let way = "unsure";
    if (low !== null && high !== null) {
      svg.append(drawing("line", { class: "interval", x1: place(low), x2: place(high), y1: 10, y2: 10 }));
      const certain = numberOf(values[LIFT.q]) !== null && numberOf(values[LIFT.q]) < data.maxQ;
      if (low > 1 || high < 1) way = certain ? (low > 1 ? "more" : "less") : "hint";
    }
    svg.setAttribute("class", way);
    svg.append(drawing("circle", { cx: place(lift), cy: 10, r: 4.5 }));
    return svg;
  }

  function headOf(name) {
    const numeric = name === "label" || name === "bar" ? {} : { class: "n" };
    const head = element("th", undefined, { scope: "col", ...numeric });
    if (name === "bar") {
      head.append(element("span", COLUMNS.bar.title, { class: "unseen" }));
      return head;
    }
    const button = element("button", COLUMNS[name].title, { type: "button" });
    button.addEventListener("click", () => {
      const first = DESCENDING.has(name) ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      state.order = state.sort === name && state.order === first ? other : first;
      state.sort = name;
      update();
    });
    head.append(button);
    return head;
  }

  function showHead(columns, scale) {
    const row = table.tHead.rows[0];
    // The heads stay while the columns do, so that a button keeps the focus.
    if (shownColumns !== columns.join()) {
      row.replaceChildren(...columns.map(headOf));
      shownColumns = columns.join();
    }
    columns.forEach((name, place) => {
      const head = row.cells[place];
      if (name === state.sort) head.setAttribute("aria-sort", state.order);
      else head.removeAttribute("aria-sort");
      if (name === "bar") head.replaceChildren(head.firstChild, drawScale(scale));
    });
  }

  function rowOf(row, columns, scale) {
    const shown = element("tr");
    for (const name of columns) {
      if (name === "label") {
        const head = element("th", undefined, { scope: "row" });
        head.append(element("bdi", COLUMNS.label.text(row)));
        shown.append(head);
      } else if (name === "bar") {
        const cell = element("td");
        cell.append(drawBar(row.values, scale));
        shown.append(cell);
      } else {
        shown.append(element("td", COLUMNS[name].text(row), { class: "n" }));
      }
    }
    return shown;
  }

  function describe(posts) {
    const [classifier, hasGroups] = data.classifiers[state.classifier];
    const what = hasGroups && state.groups ? "groups of labels" : "labels";
    const by = state.measure === "count" ? "number of posts" : "lift of " + state.measure;
    const period = data.periods.find(([days]) => String(days) === state.period)[1];
    const counted = posts ? `. ${posts.toLocaleString("en-US")} posts ${state.measure === "count" ? "counted" : "compared"}` : "";
    return `${classifier}: ${what} by ${by}. ${data.accounts[state.account]}. ${period}${counted}.`;
  }

  function update() {
    readControls();
    const hasGroups = data.classifiers[state.classifier][1];
    part("groups").closest(".field").hidden = !hasGroups;
    const columns = columnsOf(state.measure);
    if (!columns.includes(state.sort) || state.sort === "bar") Object.assign(state, { sort: "rank", order: "ascending" });
    const { rows, posts, why } = findRanking();
    const find = state.find.trim().toLowerCase();
    const found = rows.filter((row) => COLUMNS.label.text(row).toLowerCase().includes(find));
    const scale = state.measure === "count" ? null : scaleOf(rows);
    part("description").textContent = describe(posts);
    showHead(columns, scale);
    table.tBodies[0].replaceChildren(...sortRows(found).map((row) => rowOf(row, columns, scale)));
    table.hidden = rows.length === 0;
    const labels = rows.length === 1 ? "1 label" : rows.length + " labels";
    part("status").textContent = why || (find ? found.length + " of " + labels : labels);
  }

  function start() {
    fill(part("account"), places(data.accounts).filter(isOffered));
    fill(part("period"), data.periods.map(([days, name]) => [String(days), name]));
    fill(part("classifier"), places(data.classifiers.map(([name]) => name)));
    fill(part("measure"), data.measures);
    part("groups").checked = data.grouped;
    for (const name of controls) {
      part(name).addEventListener(name === "find" ? "input" : "change", () => { update(); writeAddress(); });
    }
    table.tHead.addEventListener("click", writeAddress);
    const restore = () => {
      if (readAddress()) document.getElementById("explore").scrollIntoView();
      update();
    };
    addEventListener("hashchange", restore);
    document.getElementById("explorer").hidden = false;
    part("off").hidden = true;
    restore();
  }

  start();
})();
