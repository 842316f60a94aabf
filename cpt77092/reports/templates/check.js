"use strict";
// Builds the table of findings from the packed data. Texts of claims enter as text, never as markup.

const PAGE = 100;
const PAPER = 1000; // findings on paper; more would keep a browser busy for minutes
const collator = new Intl.Collator("en", { numeric: true });
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const number = new Intl.NumberFormat("en-US");
const at = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is a string becomes a text node. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function button(text, act) {
  const element = make("button", { type: "button" }, text);
  element.addEventListener("click", act);
  return element;
}

const count = (n, one) => `${number.format(n)} ${n === 1 ? one : `${one}s`}`;
const money = (amount) => (amount === null ? "" : dollars.format(amount));
const nameOf = (line) => (line.claim_line_number === null ? line.where : `line ${line.where}`);
const isAddress = (url) => /^https?:\/\//.test(url);

// The data: columns become rows, findings link to their lines and lines to their claims.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function rowsOf(columns) {
  const names = Object.keys(columns);
  const length = columns[names[0]].length;
  return Array.from({ length }, (_, i) => Object.fromEntries(names.map((n) => [n, columns[n][i]])));
}

function tie(data) {
  const claims = new Map();
  const lines = rowsOf(data.lines).map((line, i) => {
    const key = line.claim_id === null || line.claim_id === "" ? i : `${line.payer_number} ${line.claim_id}`;
    if (!claims.has(key)) claims.set(key, { id: line.claim_id, payer: data.payers[line.payer_number], lines: [] });
    const claim = claims.get(key);
    const where = line.claim_line_number === null ? `row ${line.source_row}` : `${line.claim_line_number}`;
    const payerText = line.payer_name ? `${line.payer_name} (${claim.payer} policy)` : claim.payer;
    const tied = { ...line, claim, where, payerText, findings: [], charge: line.charge_amount, expected: line.expected_payment };
    claim.lines.push(tied);
    return tied;
  });
  const sources = rowsOf(data.sources);
  const findings = rowsOf(data.findings).map((finding, order) => {
    const line = lines[finding.place];
    const tied = { ...finding, order, line, source: sources[finding.source], claim: line.claim, payer: line.claim.payer, payerText: line.payerText };
    tied.words = [data.severities[finding.severity], finding.rule, data.rules[finding.rule], line.claim_id, line.hcpcs_code,
      line.modifiers, line.diagnoses, line.claim_line_start_date, tied.payerText, finding.message, finding.fix, finding.denial, line.person_id, finding.is_new ? "new" : ""]
      .join(" ").toLowerCase();
    line.findings.push(tied);
    return tied;
  });
  // The worst claim first, and the one with the most at risk.
  const worst = ({ findings }) => Math.min(...findings.map((f) => f.severity));
  for (const claim of claims.values()) {
    claim.worst = Math.min(...claim.lines.map(worst));
    claim.atRisk = claim.lines.filter((line) => worst(line) === 0).reduce((sum, line) => sum + Math.max(line.charge ?? 0, 0), 0);
  }
  [...claims.values()].sort((a, b) => a.worst - b.worst || b.atRisk - a.atRisk).forEach((claim, rank) => { claim.rank = rank; });
  return findings;
}

// The parts of a finding that the table and a claim both show.

function pill(severity) {
  return make("span", { class: `pill ${severity}` }, severity);
}

function newMark(finding) {
  return finding.is_new ? make("strong", { class: "new" }, " new") : null;
}

function ruleLink(code, title) {
  const link = make("a", { href: `#rule-${code}`, title }, code);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    showRule(code, title);
  });
  return link;
}

function fixOf(finding) {
  if (!finding.fix) return null;
  const fix = make("div", { class: `fix ${finding.fix_kind}` }, finding.fix);
  const kind = { safe: "safe fix", unsafe: "verify first" }[finding.fix_kind];
  if (kind) fix.append(" ", make("span", { class: "kind-of-fix" }, kind));
  return fix;
}

function sourceOf({ source_title, source_at, source_url, in_force_from, confidence }, isWhole) {
  if (!source_title) return null;
  const title = isAddress(source_url)
    ? make("a", { href: source_url, target: "_blank", rel: "noreferrer noopener", title: source_at }, source_title)
    : make("span", { title: source_at }, source_title);
  const place = isWhole && source_at ? `, ${source_at}` : "";
  const since = in_force_from ? make("span", { class: "short" }, `effective ${in_force_from}`) : null;
  const doubt = confidence === "primary" ? "" : ` (${confidence} source)`;
  return make("div", { class: "source" }, title, place, since && ", ", since, doubt);
}

// Dialogs: one rule's page, one claim whole.

function showRule(code, title) {
  at("rule-title").textContent = `${code} ${title}`;
  at("rule-body").replaceChildren(at(`rule-${code}`).querySelector(".page").cloneNode(true));
  at("rule-dialog").showModal();
}

function lineOf(line, data) {
  const facts = [
    line.claim_line_start_date ?? "no date",
    line.modifiers === null ? "" : line.modifiers ? `modifiers ${line.modifiers}` : "no modifier",
    line.units === null ? "" : count(line.units, "unit"),
    line.place ? `POS ${line.place}` : "",
    line.diagnoses ? `diagnoses ${line.diagnoses}` : "",
    line.charge === null ? "charge not available" : `charged ${money(line.charge)}`,
    line.expected === null ? "" : `expected ${money(line.expected)}`,
    line.person_id ? `person ${line.person_id}` : "",
    `${data.files[line.source]}, row ${line.source_row}`,
  ];
  const name = nameOf(line);
  const section = make("section", { class: "line" },
    make("h3", {}, `${name[0].toUpperCase()}${name.slice(1)}: ${line.hcpcs_code}`),
    make("p", { class: "facts" }, facts.filter(Boolean).join(" · ")));
  const worstFirst = [...line.findings].sort((a, b) => a.severity - b.severity || a.order - b.order);
  for (const finding of worstFirst) {
    section.append(make("div", { class: "finding" },
      make("p", {}, pill(data.severities[finding.severity]), newMark(finding), " ", ruleLink(finding.rule, data.rules[finding.rule]), " ", data.rules[finding.rule]),
      make("p", {}, finding.message),
      fixOf(finding),
      finding.denial ? make("div", { class: "source" }, `Predicted denial: ${finding.denial}`) : null,
      sourceOf(finding.source, true)));
  }
  if (!line.findings.length) section.append(make("p", {}, make("span", { class: "pill good" }, "clean"), " No findings on this line."));
  return section;
}

// The table.

const LONGEST_ID = 40;
const shortened = (id) => (id.length > LONGEST_ID ? `${id.slice(0, 26)}…${id.slice(-10)}` : id);

const COLUMNS = [
  { name: "Severity", of: (f) => f.severity },
  { name: "Rule", of: (f) => f.rule },
  { name: "Claim / line", of: (f) => (f.claim.id ? `${f.claim.id} / ${f.line.where}` : null) },
  { name: "Payer", of: (f) => f.payer, style: "wide-only" },
  { name: "Date", of: (f) => f.line.claim_line_start_date, style: "wide-only" },
  { name: "Code", of: (f) => f.line.hcpcs_code },
  { name: "What is wrong, and what to do", of: (f) => f.message, style: "what" },
  { name: "Denial", of: (f) => f.denial || null },
  { name: "Charge", of: (f) => f.line.charge, isNumber: true, style: "number" },
  { name: "Expected", of: (f) => f.line.expected, isNumber: true, style: "number screen" },
];

/** The order at the start: claim by claim; another column gives findings alone. */
const BY_CLAIM = { of: (f) => f.claim.rank };

/** By a column, blanks last whatever the direction; findings alike stay in the file's order. */
function sorted(findings, { of, isNumber }, direction) {
  const keyed = findings.map((finding) => [of(finding), finding]);
  keyed.sort(([a, x], [b, y]) => {
    if (a === b) return x.severity - y.severity || x.order - y.order;
    if (a === null || b === null) return a === null ? 1 : -1;
    const order = isNumber || typeof a === "number" ? a - b : collator.compare(a, b);
    return direction * order || x.order - y.order;
  });
  return keyed.map(([, finding]) => finding);
}

class Worklist {
  constructor(data) {
    this.data = data;
    this.all = tie(data);
    this.column = BY_CLAIM;
    this.direction = 1;
    this.shown = PAGE;
    this.drawHeads();
    this.drawFilters();
    this.listen();
    this.update();
  }

  drawHeads() {
    this.heads = COLUMNS.map((column) => {
      const head = make("th", { role: "columnheader", scope: "col", class: column.style ?? "" }, button(column.name, () => {
        this.direction = this.column === column ? -this.direction : column.isNumber ? -1 : 1;
        this.column = column;
        this.update();
      }), make("span", { class: "on-paper" }, column.name));
      return head;
    });
    at("heads").append(...this.heads, make("th", { role: "columnheader", scope: "col", class: "paper" }, "Done, note"));
  }

  drawFilters() {
    const counted = (of) => this.all.reduce((counts, f) => counts.set(of(f), (counts.get(of(f)) ?? 0) + 1), new Map());
    const bySeverity = counted((f) => f.severity);
    this.boxes = this.data.severities.map((severity, rank) => {
      // Infos are off, unless there is nothing else.
      const isOn = rank < 2 || !(bySeverity.has(0) || bySeverity.has(1));
      const box = make("input", { type: "checkbox", value: severity, ...(isOn ? { checked: "" } : {}) });
      at("severities").append(make("label", {}, box, " ", pill(severity), ` ${number.format(bySeverity.get(rank) ?? 0)}`));
      return box;
    });
    const fill = (id, counts, label) => {
      const keys = [...counts.keys()].sort(collator.compare);
      at(id).append(...keys.map((key) => make("option", { value: key }, `${label(key)} (${number.format(counts.get(key))})`)));
    };
    fill("payer", counted((f) => f.payer), (payer) => payer || "no payer");
    fill("rule", counted((f) => f.rule), (code) => `${code} ${this.data.rules[code]}`);
  }

  listen() {
    let waiting = 0;
    at("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.filter(), 120);
    });
    // The search box is heard while one types; its late "change" would redraw a row being clicked.
    at("filters").addEventListener("change", (event) => event.target.id === "search" || this.filter());
    at("filters").addEventListener("submit", (event) => event.preventDefault());
    at("filters").addEventListener("reset", () => setTimeout(() => {
      this.column = BY_CLAIM;
      this.direction = 1;
      this.filter();
    }));
    at("print").addEventListener("click", () => window.print());
    at("more").addEventListener("click", () => {
      const first = this.shown;
      this.shown += PAGE;
      this.draw();
      at("rows").querySelectorAll("tr:not(.claim)")[first].querySelector("button").focus();
    });
    for (const bar of document.querySelectorAll("a[data-filter]")) {
      bar.addEventListener("click", () => this.only(bar.dataset.filter, bar.dataset.value));
    }
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.querySelector(".close").addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    at("claim-before").addEventListener("click", () => this.showClaim(this.claims[this.claims.indexOf(this.claim) - 1]));
    at("claim-after").addEventListener("click", () => this.showClaim(this.claims[this.claims.indexOf(this.claim) + 1]));
    // Paper gets what the filters let through, not the first page of it.
    window.addEventListener("beforeprint", () => this.draw(Math.max(PAPER, this.shown)));
    window.addEventListener("afterprint", () => this.draw());
  }

  /** A bar of a chart was chosen: its errors, and nothing else. */
  only(filter, value) {
    at("filters").reset();
    at(filter).value = value;
    this.boxes.forEach((box, rank) => { box.checked = rank === 0; });
    this.filter();
  }

  filter() {
    this.shown = PAGE;
    this.update();
  }

  update() {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [payer, rule] = [at("payer"), at("rule")];
    const kept = this.all.filter((f) =>
      this.boxes[f.severity].checked &&
      (payer.selectedIndex < 1 || f.payer === payer.value) &&
      (rule.selectedIndex < 1 || f.rule === rule.value) &&
      words.every((word) => f.words.includes(word)));
    this.kept = sorted(kept, this.column, this.direction);
    this.claims = [...new Set(this.kept.map((f) => f.claim))];
    this.heads.forEach((head, i) => {
      head.removeAttribute("aria-sort");
      if (COLUMNS[i] === this.column) head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending");
    });
    this.draw();
  }

  draw(limit = this.shown) {
    const shown = this.kept.slice(0, limit);
    const isByClaim = this.column === BY_CLAIM;
    at("table").classList.toggle("by-claim", isByClaim);
    at("rows").replaceChildren(...shown.flatMap((finding, i) => {
      const isFirst = isByClaim && finding.claim !== shown[i - 1]?.claim;
      return isFirst ? [this.claimRow(finding.claim), this.row(finding)] : [this.row(finding)];
    }));
    const lines = new Set(this.kept.map((f) => f.line));
    const charged = [...lines].reduce((sum, line) => sum + Math.max(line.charge ?? 0, 0), 0);
    const of = this.kept.length < this.all.length ? ` of ${number.format(this.all.length)}` : "";
    const part = shown.length < this.kept.length ? `, showing the first ${number.format(shown.length)}` : "";
    at("status").textContent = this.kept.length
      ? `${number.format(this.kept.length)}${of} finding${this.all.length === 1 ? "" : "s"} on ${count(lines.size, "line")} of ${count(this.claims.length, "claim")}, ${money(charged)} charged${part}.`
      : "No finding matches these filters.";
    const left = this.kept.length - shown.length;
    at("more").hidden = left < 1;
    at("more").textContent = `Show ${number.format(Math.min(PAGE, left))} more`;
    at("table").hidden = !this.kept.length;
  }

  /** A button that opens a claim; its children are its text. */
  opener(claim, ...children) {
    const open = button("", () => {
      this.showClaim(claim);
      at("claim-dialog").showModal();
    });
    open.append(...children);
    open.setAttribute("aria-haspopup", "dialog");
    if (claim.id && claim.id.length > LONGEST_ID) open.title = claim.id;
    return open;
  }

  /** The heading of a claim: payer, dates, money, and its lines without a finding. */
  claimRow(claim) {
    const days = claim.lines.map((line) => line.claim_line_start_date).filter(Boolean).sort();
    const dates = [...new Set([days[0] ?? "no date", days.at(-1) ?? "no date"])].join(" to ");
    const clean = claim.lines.filter((line) => !line.findings.length).map((line) => `${nameOf(line)} (${line.hcpcs_code})`);
    const facts = [claim.lines[0].payerText || "no payer", dates,
      claim.worst ? "" : `${money(claim.atRisk)} at risk`, clean.length ? `no findings on ${clean.join(", ")}` : ""];
    const id = make("bdi", {}, shortened(claim.id || "no claim id"));
    return make("tr", { role: "row", class: "claim" },
      make("th", { role: "rowheader", scope: "rowgroup", colspan: COLUMNS.length + 1, class: "id" },
        this.opener(claim, id), make("span", { class: "soft" }, ` ${facts.filter(Boolean).join(" · ")}`)));
  }

  row(finding) {
    const { line, claim } = finding;
    // Right-to-left letters must not move the line number.
    const id = make("bdi", {}, shortened(claim.id || "no claim id"));
    const open = this.column === BY_CLAIM ? this.opener(claim, nameOf(line)) : this.opener(claim, id, ` / ${line.where}`);
    const facts = [line.place ? `POS ${line.place}` : "", line.units === null ? "" : count(line.units, "unit"), line.diagnoses];
    const date = line.claim_line_start_date ?? "no date";
    const under = make("div", { class: "under" }, make("bdi", {}, finding.payerText || "no payer"), ", ", make("span", { class: "short" }, date));
    const person = line.person_id ? make("div", { class: "soft" }, `person ${line.person_id}`) : null;
    const cell = (style, ...children) => make("td", { role: "cell", class: style }, ...children);
    return make("tr", { role: "row" },
      cell("", pill(this.data.severities[finding.severity]), newMark(finding)),
      cell("", ruleLink(finding.rule, this.data.rules[finding.rule])),
      make("th", { role: "rowheader", scope: "row", class: "id" }, open, under, person),
      cell("payer wide-only", finding.payerText),
      cell("short wide-only", date),
      cell("code", line.hcpcs_code ?? "", line.modifiers ? make("span", { class: "soft" }, ` ${line.modifiers}`) : null,
        make("div", { class: "soft facts" }, facts.filter(Boolean).join(", "))),
      cell("what", finding.message, fixOf(finding), sourceOf(finding.source, false)),
      cell("short", finding.denial),
      cell("number", money(line.charge)),
      cell("number screen", money(line.expected)),
      cell("paper"));
  }

  showClaim(claim) {
    this.claim = claim;
    const place = this.claims.indexOf(claim);
    at("claim-title").textContent = `${claim.id ? `Claim ${claim.id}` : "No claim id"}, ${claim.lines[0].payerText || "no payer"}`;
    at("claim-body").replaceChildren(...claim.lines.map((line) => lineOf(line, this.data)));
    const [before, after] = [at("claim-before"), at("claim-after")];
    const focused = document.activeElement;
    before.disabled = place < 1;
    after.disabled = place >= this.claims.length - 1;
    // A disabled button loses the focus: the other one takes it.
    if (focused.disabled) (focused === after ? before : after).focus();
    at("claim-dialog").scrollTop = 0;
  }
}

unpack(at("data").textContent).then((data) => {
  if (data.findings.rule.length) {
    new Worklist(data);
    at("app").hidden = false;
  }
  at("plain").hidden = true;
});
