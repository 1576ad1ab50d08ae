"use strict";
// Draws what /stats says, every two seconds. Texts are set as text, never as markup.

const EVERY = 2000;
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
let figures = null;

const number = (n) => whole.format(Math.round(n));
const short = (n) => {
  const size = Math.abs(n);
  if (size < 10000) return number(n);
  return size < 1e6 ? `${(n / 1e3).toFixed(1)}k` : `${(n / 1e6).toFixed(2)}M`;
};
const percent = (part, all) => (all ? `${((100 * part) / all).toFixed(part && part < all / 100 ? 1 : 0)}\u00a0%` : "–");
const dollars = (n) => `$${Math.abs(n) < 10 ? n.toFixed(4) : n.toFixed(2)}`;
const milliseconds = (n) => (n === null ? "–" : n >= 1000 ? `${(n / 1000).toFixed(1)} s` : `${Math.round(n * 10) / 10} ms`);
const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
const plural = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;

function ago(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

function put(id, text, mood = "") {
  const place = $(id);
  if (place.textContent !== text) place.textContent = text;
  if (place.classList.contains("figure")) place.className = `figure ${mood}`.trim();
}

function element(name, attributes = {}, ...children) {
  const made = attributes.svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (key !== "svg") made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A table: head cells, rows of cells (a string, or [string, small print]), and which row is a total.
function table(id, head, rows, empty, caption = "", total = -1) {
  const cell = (value, first, tag) => {
    const [text, small] = Array.isArray(value) ? value : [value, ""];
    const made = element(tag, first && tag === "th" ? { scope: "row" } : {}, String(text));
    if (small) made.append(element("small", {}, small));
    return made;
  };
  const parts = caption ? [element("caption", {}, caption)] : [];
  if (head.length) parts.push(element("thead", {}, element("tr", {}, ...head.map((h) => element("th", { scope: "col" }, h)))));
  const body = element("tbody", {});
  rows.forEach((row, n) => {
    const made = element("tr", n === total ? { class: "total" } : {});
    row.forEach((value, place) => made.append(cell(value, place === 0, place === 0 ? "th" : "td")));
    body.append(made);
  });
  if (!rows.length) body.append(element("tr", {}, element("td", { class: "empty", colspan: Math.max(1, head.length) }, empty)));
  const place = typeof id === "string" ? $(id) : id;
  place.replaceChildren(...parts, body);
  return place;
}

function answers(f) {
  const { once, sent } = f.saved;
  const nothing = !sent.before && !once.before;
  if (f.mode === "shadow" && f.shadow.before && !sent.saved) {
    put("pays", `${percent(f.shadow.saved, f.shadow.before)}`, "");
    put("pays-how", `would be saved: ${number(f.shadow.saved)} tokens. Shadow mode: nothing is changed.`);
  } else {
    put("pays", nothing ? "nothing yet" : `${short(sent.net)} tokens`, nothing ? "" : sent.net > 0 ? "good" : sent.net < 0 ? "bad" : "");
    put("pays-how", nothing ? "No tool output has passed so far." : `not sent, net: ${percent(sent.net, sent.before)} of all tool output, over all turns`);
  }
  const money = f.money;
  put("pays-money", money.saved_net === null ? "In money: n/a (no paid request of a model with a known price yet)"
    : `${dollars(money.saved_net)} saved beside ${dollars(money.spent)} spent, by list prices of ${money.prices_of}` + (money.unpriced ? `; ${plural(money.unpriced, "request")} without a price` : ""));

  const known = f.cache.held + f.cache.client_broke + f.cache.we_broke + f.cache.expired;
  put("cache", known ? percent(f.cache.held, known) : "not known yet", known ? (f.cache.we_broke ? "bad" : f.cache.held === known ? "good" : "") : "");
  put("cache-how", known ? `held on ${number(f.cache.held)} of ${plural(known, "judged turn")}` : "A conversation's first turn tells nothing.");
  put("cache-we", known ? `broken by the client ${number(f.cache.client_broke)}, by us ${number(f.cache.we_broke)}; expired ${number(f.cache.expired)}` : "");

  const left = Object.entries(f.left_alone), decided = sum(f.blocks) - (f.blocks.replayed || 0), kept = sum(f.left_alone);
  put("left", decided ? `${number(kept)} of ${number(decided)}` : "nothing yet", "");
  const [most] = left.length ? left : Object.entries(f.requests.not_ours);
  put("left-how", left.length ? `tool outputs; most often ${most[0]} (${number(most[1])})`
    : most ? `${plural(most[1], "request")} not looked into: ${most[0]}` : "Every tool output so far was made smaller, or none came.");
  put("left-why", most ? f.meanings[most[0]] || "" : "");

  put("wait", milliseconds(f.held.mean_ms), "");
  put("wait-how", f.held.count ? `added to a request on average; 95 % within ${milliseconds(f.held.p95_ms_at_most)}` : "No request was held so far.");
  const failed = sum(f.failures);
  put("wait-fail", failed ? `${plural(failed, "error")} of ours; the client's own bytes went on` : "No errors of ours.");
  $("wait-fail").classList.toggle("bad-text", failed > 0);
}

function chart(f) {
  const span = document.querySelector("input[name=span]:checked").value;
  const at = Object.fromEntries(f.series.columns.map((name, n) => [name, n + 1]));
  const points = f.series[span].map((p) => ({ when: p[0], after: p[at.after], saved: p[at.before] - p[at.after], requests: p[at.requests] }));
  const label = (when) => span === "days" ? when.slice(5) : new Date(when * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const width = Math.max(320, $("chart").clientWidth), height = 190, bottom = 22, left = 52, top = 8;
  const most = Math.max(1, ...points.map((p) => p.after + p.saved));
  const step = (width - left) / Math.max(points.length, span === "days" ? 14 : 1), plot = height - bottom - top;
  const totals = points.reduce((a, p) => [a[0] + p.after, a[1] + p.saved], [0, 0]);
  const svg = element("svg", { svg: 1, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${number(totals[0])} tokens of tool output sent and ${number(totals[1])} not sent in this span; as a table below` });
  for (const share of [0, 0.5, 1]) {
    const y = top + plot * (1 - share);
    svg.append(element("line", { svg: 1, class: "axis", x1: left, x2: width, y1: y, y2: y }),
      element("text", { svg: 1, x: left - 8, y: y + 4, "text-anchor": "end" }, most === 1 ? "" : short(most * share)));
  }
  points.forEach((p, n) => {
    const x = left + n * step, w = Math.max(1, step * 0.72);
    const high = (plot * p.after) / most, more = (plot * p.saved) / most;
    const bar = element("g", { svg: 1 }, element("title", { svg: 1 }, `${label(p.when)}: ${number(p.after)} sent, ${number(p.saved)} not sent`));
    if (p.after) bar.append(element("rect", { svg: 1, class: "after", x, y: top + plot - high, width: w, height: high }));
    if (p.saved) bar.append(element("rect", { svg: 1, class: "saved", x, y: top + plot - high - more, width: w, height: more }));
    if (n % Math.ceil((points.length * 90) / width) === 0) bar.append(element("text", { svg: 1, x, y: height - 6 }, label(p.when)));
    svg.append(bar);
  });
  $("chart").replaceChildren(svg);
  const rows = points.filter((p) => p.requests || p.after || p.saved).map((p) => [label(p.when), number(p.requests), number(p.after), number(p.saved)]);
  table("chart-table", ["time", "requests", "tokens sent", "not sent"], rows.reverse(), "Nothing in this span.");
}

function sums(f) {
  const { once, sent } = f.saved, cost = f.costs;
  const minus = (n) => (n ? `−${number(n)}` : "0");
  table("net", ["tokens of tool output", "once", "all turns"], [
    ["as the client had them", number(once.before), number(sent.before)],
    ["as they were sent", number(once.after), number(sent.after)],
    ["not sent", number(once.saved), number(sent.saved)],
    ["fetched again because of it", minus(cost.fetched_once), minus(cost.fetched_sent)],
    ["cached tokens lost to breaks of ours", "–", minus(cost.cache_lost)],
    ["net", `${number(once.net)} (${percent(once.net, once.before)})`, `${number(sent.net)} (${percent(sent.net, sent.before)})`],
  ], "", "", 5);
}

function provider(f) {
  const p = f.provider, input = p.input_cached + p.input_written + p.input_fresh;
  const kinds = [["cached", p.input_cached, "read from the cache"], ["written", p.input_written, "written to the cache"], ["fresh", p.input_fresh, "fresh"]];
  const svg = element("svg", { svg: 1, viewBox: "0 0 500 18", role: "img", "aria-label": kinds.map(([, n, name]) => `${percent(n, input)} ${name}`).join(", ") });
  let x = 0;
  for (const [kind, n] of kinds) {
    const w = input ? (500 * n) / input : 0;
    svg.append(element("rect", { svg: 1, class: kind, x, y: 2, width: w, height: 12, rx: 1 }));
    x += w;
  }
  $("provider-bar").replaceChildren(...(input ? [svg, element("p", { class: "legend" }, ...kinds.flatMap(([kind, , name]) => [element("i", { class: `k-${kind}` }), ` ${name} `]))] : []));
  table("provider", ["tokens, all answers", "", ""], input || p.output ? [
    ...kinds.map(([, n, name]) => [`input ${name}`, number(n), percent(n, input)]),
    ["input in all", number(input), ""], ["output", number(p.output), ""],
  ] : [], "No answer with figures so far.");
  const kept = f.saved.sent.saved;
  put("provider-how", input ? `Beside our estimate: without headroom about ${short(input + kept)} tokens of input; ${percent(kept, input + kept)} of that was not sent.` : "");
}

function splits(f) {
  const places = $("by");
  const names = { client: "By client", tool: "By tool", transform: "By transform", shape: "By API" };
  for (const [kind, caption] of Object.entries(names)) {
    let place = document.getElementById(`by-${kind}`);
    if (!place) {
      place = element("table", { id: `by-${kind}` });
      places.append(element("div", {}, place));
    }
    const rows = f.by[kind].slice(0, 12).map((row) => [row.name === "none" && kind === "transform" ? "none (left alone)" : row.name.replaceAll("+", " + "),
      number(row.once.saved), number(row.sent.saved), percent(row.sent.saved, row.sent.before)]);
    table(place, ["", "once", "all turns", "share"], rows, "Nothing yet.", caption);
  }
}

function reasons(f) {
  const kept = sum(f.left_alone);
  const left = Object.entries(f.left_alone).map(([reason, n]) => [[reason, f.meanings[reason] || ""], number(n), percent(n, kept)]);
  const whole = Object.entries(f.requests.not_ours).map(([reason, n]) => [[`${reason}: requests not looked into`, f.meanings[reason] || ""], number(n), ""]);
  table("why", ["reason", "outputs", ""], [...left, ...whole], "No tool output was left alone so far.");
  const a = f.answers, rows = [
    ...Object.entries(f.failures).map(([seam, n]) => [[`errors of ours: ${seam}`, "The client's own bytes went on; the log names the error."], number(n)]),
    ...Object.entries(f.breaker_trips).map(([trip, n]) => [[`breaker: ${trip}`, "Nothing new is rewritten there for a while."], number(n)]),
    ...(f.cache.we_broke ? [["caches broken by us", number(f.cache.we_broke)]] : []),
    ...(a.refused ? [[["refused by the provider", "Answers of 300 and above; they save nothing."], number(a.refused)]] : []),
    ...(a.retried ? [[["retries of an answered turn", "Billed by the provider, counted once here."], number(a.retried)]] : []),
    ...(a.cut_off ? [[["streams that ended early", "By the client or upstream; they count as served."], number(a.cut_off)]] : []),
  ];
  table("wrong", rows.length ? ["what", "times"] : [], rows, "Nothing.");
}

function talks(f) {
  const rows = f.conversations.slice(0, 30).map((t) => [
    [t.client || "unknown", [t.model, t.id].filter(Boolean).join(" · ")], number(t.turns), `${percent(t.before - t.after, t.before)}`,
    percent(t.cached, t.input), [t.last.replace("cache ", "") || "–", t.broken ? `last break: ${t.broken.replace("cache ", "")}` : ""], `${ago(Math.max(0, f.now - t.seen))} ago`,
  ]);
  table("talks", ["conversation", "turns", "not sent", "input from cache", "cache on the last turn", "last answer"], rows, "No conversation so far.");
}

function draw() {
  const f = figures;
  put("mode", f.mode);
  $("mode").className = f.mode === "compress" ? "badge" : "badge off";
  put("since", `${plural(f.requests.total, "request")} in ${ago(f.now - f.since)}`);
  for (const part of [answers, chart, sums, provider, splits, reasons, talks]) part(f);
}

async function look() {
  try {
    const reply = await fetch(`/stats${location.search}`, { cache: "no-store" });
    if (!reply.ok) throw new Error(String(reply.status));
    figures = await reply.json();
    draw();
    put("live", "live");
    $("live").classList.remove("lost");
  } catch (error) {
    put("live", `no answer (${error.message}); trying again`);
    $("live").classList.add("lost");
  }
  setTimeout(look, EVERY);
}

$("span").addEventListener("change", () => figures && chart(figures));
addEventListener("resize", () => figures && chart(figures));
look();
