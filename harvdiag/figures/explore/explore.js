// Makes the picture interactive. Data from the cluster only ever becomes text nodes and attributes.
(() => {
  "use strict";
  const SIGNS = { error: "✗", warning: "!", info: "i" };
  const STATES = { present: "exists", absent: "does not exist", unseen: "was not seen" };
  const STATE_SIGNS = { present: "", absent: "✗ ", unseen: "? " };
  const PARTS = 'g[data-role="object"], g[data-role="placeholder"], g[data-role="bundle"]';
  const BROKEN = new Set(["error", "warning", "info", "absent"]);
  const MOST_ROWS = 60, FAR = 240;
  const FARTHEST = 0.25, CLOSEST = 4, LEAST_FIT = 0.6;
  const LARGE = 1200, MEDIUM = 900; // from here on the details are always beside the picture; while something is open

  /** An element with attributes, listeners (`onclick: f`) and children; a string is text and nothing else. */
  function el(name, attributes, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...inside.filter(Boolean));
    return made;
  }

  /** Text in which `this` is code. */
  const prose = (text) => text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
  const many = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const called = (object) => `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`;

  /** The picture as shapes of this page, without what only a standalone picture needs. */
  function shapes(image) {
    const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (character) => character.charCodeAt(0));
    const read = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml").documentElement;
    const svg = document.importNode(read, true);
    svg.querySelectorAll("g > title").forEach((it) => { it.parentNode.dataset.hint = it.textContent; });
    svg.querySelectorAll("style, title, desc").forEach((it) => it.remove());
    for (const name of ["class", "aria-labelledby"]) svg.removeAttribute(name);
    svg.setAttribute("tabindex", "-1"); // Chromium would make it focusable as a scroll container
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", image.alt);
    return svg;
  }

  class Explorer {
    constructor(root) {
      const image = root.querySelector("img.hdx-still");
      const facts = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
      Object.assign(this, facts, { root, scale: 1, found: [], at: -1, open: null, fitted: true, kindsOnly: new Set() });
      this.svg = shapes(image);
      this.wide = this.svg.viewBox.baseVal.width;
      this.high = this.whole = this.svg.viewBox.baseVal.height;
      this.byKey = new Map(this.objects.map((object) => [object.key, object]));
      this.parts = new Map([...this.svg.querySelectorAll(PARTS)].map((part) => [part.dataset.key, part]));
      this.ties = [...this.svg.querySelectorAll("g[data-of]:not([data-role='bundle'])")];
      this.tie();
      this.line();
      this.build(image);
      this.parts.forEach((part, key) => this.prepare(part, key));
      this.rove([...this.parts.values()].find((part) => this.wrong(part.dataset.key)) || this.parts.values().next().value);
      this.listen();
      this.overview();
      this.filter();
      this.measure(); // at once where it is shown already, so that nothing moves once one can click
      this.appear();
      new ResizeObserver(() => this.measure()).observe(this.root);
      new ResizeObserver(() => this.appear()).observe(this.view);
    }

    /** Positions are known once the page is shown, which in a notebook may be later. */
    appear() {
      if (!this.view.clientWidth) return;
      if (!this.svg.querySelector(".hdx-ring")) this.parts.forEach((part) => this.ring(part));
      if (this.fitted && !this.open) this.fit(); // the picture must not move under the pointer when the details open
    }

    /** Where the details have room: beside the picture, or in a drawer at the bottom of the window. */
    measure() {
      const wide = this.root.clientWidth;
      this.root.dataset.size = wide >= LARGE ? "large" : wide >= MEDIUM ? "medium" : "small";
    }

    /** Objects know their links, and the part of the picture in which they are: their own, or a bundle. */
    tie() {
      this.objects.forEach((object) => Object.assign(object, { names: [], named: [], part: object.key }));
      for (const [source, target, path] of this.edges) {
        const link = { field: this.paths[path], source: this.objects[source], target: this.objects[target] };
        link.source.names.push(link);
        link.target.named.push(link);
      }
      this.folded = new Map();
      for (const [key, numbers] of Object.entries(this.bundles)) {
        this.folded.set(key, numbers.map((number) => this.objects[number]));
        this.folded.get(key).forEach((object) => { if (!this.parts.has(object.key)) object.part = key; });
      }
    }

    /** The rows of the picture, from the order in which it is drawn: stripe, links, boxes, captions below. */
    line() {
      this.rowOf = new Map();
      this.beside = [...this.svg.querySelectorAll('g[data-role="caption"], g[data-role="stripe"]')];
      let row;
      const begin = () => { row = { keys: [], captioned: false, bundle: false }; };
      begin();
      this.svg.querySelectorAll(`${PARTS}, g[data-role="link"], g[data-role="caption"], g[data-role="stripe"]`).forEach((it) => {
        const box = it.matches(PARTS), isCaption = it.dataset.role === "caption";
        const other = row.captioned || it.dataset.state; // a sentence without a state right after a bundle is about it
        if (isCaption ? row.bundle && other : row.captioned || row.bundle || (!box && row.keys.length)) begin();
        if (box) row.keys.push(it.dataset.key);
        row.captioned ||= isCaption;
        row.bundle ||= it.dataset.role === "bundle";
        const about = isCaption && this.findings.find((finding) => it.dataset.hint === `${finding.rule}: ${finding.message}`);
        const part = about && about.subject >= 0 && this.objects[about.subject].part;
        this.rowOf.set(it, part && this.parts.has(part) && !row.keys.includes(part) ? { keys: [part] } : row);
      });
    }

    /** Captions and stripes get the class that the boxes of their row have. */
    follow(name, test) {
      this.beside.forEach((it) => {
        const parts = this.rowOf.get(it).keys.map((key) => this.parts.get(key));
        it.classList.toggle(name, parts.length > 0 && test(parts));
      });
    }

    // --- the elements of the page ----------------------------------------------------------------------------------

    build(image) {
      this.search = el("input", { type: "search", placeholder: "Search: name, kind, value (/)",
        "aria-label": "Search the objects; Enter goes to the next", autocomplete: "off", spellcheck: "false" });
      this.count = el("span", { class: "hdx-count", role: "status", "aria-live": "polite" });
      this.shown = el("span", { class: "hdx-count", role: "status", "aria-live": "polite" });
      this.broken = el("button", { type: "button", "aria-pressed": "false", class: "hdx-chip" }, "✗ Broken only");
      this.view = el("div", { class: "hdx-view", role: "group", tabindex: "0",
        "aria-label": "The picture. Plus, minus and 0 zoom; arrow keys go from object to object" }, this.svg);
      this.tip = el("div", { class: "hdx-tip", "aria-hidden": "true", hidden: true });
      this.panel = el("section", { class: "hdx-panel", "aria-label": "Details", tabindex: "-1" });
      const bar = el("div", { class: "hdx-bar", role: "toolbar", "aria-label": "Search, filters and zoom" },
        el("span", { class: "hdx-search" }, this.search, this.count), this.zoomers(), this.kinds());
      const stage = el("div", { class: "hdx-stage" }, el("div", { class: "hdx-frame" }, this.view, this.tip), this.panel);
      image.replaceWith(bar, stage);
    }

    kinds() {
      const kinds = [...new Set([...this.parts.keys()].map((key) => this.kind(key)).filter(Boolean))];
      const chips = kinds.map((kind) => el("button", { type: "button", class: "hdx-chip", "aria-pressed": "false",
        title: [this.terms[kind], `Show only ${kind}; press again to show all`].filter(Boolean).join("\n"), "data-kind": kind, onclick: (event) => this.toggle(event.target, kind) }, kind));
      return el("span", { class: "hdx-kinds", role: "group", "aria-label": "Show only" }, this.broken,
        el("span", { class: "hdx-quiet" }, "Show only:"), ...chips, this.shown);
    }

    zoomers() {
      const button = (symbol, label, act) =>
        el("button", { type: "button", class: "hdx-zoom", "aria-label": label, title: label, onclick: act }, symbol);
      return el("span", { class: "hdx-zooms", role: "group", "aria-label": "Zoom" },
        button("−", "Zoom out (-)", () => this.zoom(1 / 1.25)), button("+", "Zoom in (+)", () => this.zoom(1.25)),
        button("Fit", "Fit the width (0)", () => this.fit()));
    }

    /** Makes a part of the picture a button with a label. */
    prepare(part, key) {
      const attributes = { role: "button", tabindex: "-1", "aria-pressed": "false", "aria-label": this.describe(key).join(". ") };
      Object.entries(attributes).forEach(([name, value]) => part.setAttribute(name, value));
    }

    ring(part) {
      const { x, y, width, height } = part.getBBox();
      const ring = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const place = { x: x - 4, y: y - 4, width: width + 8, height: height + 8, rx: 8, class: "hdx-ring" };
      Object.entries(place).forEach(([name, value]) => ring.setAttribute(name, value));
      part.prepend(ring);
    }

    kind(key) {
      if (this.parts.get(key).dataset.role === "bundle") return "";
      return decodeURIComponent(key.split("/")[0]).split(".")[0]; // readers do not distinguish the three kinds of Cluster
    }

    wrong(key) {
      const object = this.byKey.get(key);
      return BROKEN.has(this.parts.get(key).dataset.state) || Boolean(object && this.own(object).length);
    }

    own(object) {
      return object.findings.map((n) => this.findings[n]).filter((it) => this.objects[it.subject] === object);
    }

    /** The kind and name of an object, its state, and its findings, one line each. */
    describe(key) {
      const object = this.byKey.get(key), members = this.folded.get(key);
      if (object) {
        const findings = (object.state === "present" ? this.own(object) : object.findings.map((n) => this.findings[n])).map((it) => `${SIGNS[it.severity]} ${it.message}`);
        return [called(object), `${STATE_SIGNS[object.state]}${STATES[object.state]}`, ...findings];
      }
      const hint = (this.parts.get(key).dataset.hint || key).split("\n");
      return members ? [hint[0].split(": ").slice(0, 2).join(": "), many(members.length, "object")] : hint;
    }

    // --- search ----------------------------------------------------------------------------------------------------

    seek() {
      const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = (object) => words.every((word) => object.text.includes(word));
      const order = new Map([...this.parts.keys()].map((key, at) => [key, at]));
      const whole = this.search.value.trim().toLowerCase();
      const place = (it) => (it.name.toLowerCase() === whole ? -1 - order.size : 0) + (order.get(it.part) ?? order.size);
      this.found = words.length ? this.objects.filter(fits).sort((a, b) => place(a) - place(b)) : [];
      this.at = -1;
      const parts = new Set(this.found.map((object) => object.part));
      this.parts.forEach((part, key) => part.classList.toggle("hdx-match", parts.has(key)));
      this.count.textContent = words.length ? many(this.found.length, "hit") : "";
    }

    next(step) {
      if (!this.found.length) return;
      this.at = (this.at < 0 && step < 0 ? 0 : this.at) + step;
      this.at = (this.at + this.found.length) % this.found.length;
      this.count.textContent = `${this.at + 1} of ${this.found.length}`;
      this.select(this.found[this.at].key);
    }

    // --- one object is open ----------------------------------------------------------------------------------------

    /** Open an object or a bundle: linked objects stay bright, the panel shows the details. */
    select(key) {
      this.hint(null);
      const object = this.byKey.get(key), drawn = object ? object.part : key;
      this.open = key;
      const bright = new Set([drawn]);
      this.ties.forEach((tie) => {
        const ends = tie.dataset.of.split(" "), near = ends.includes(drawn);
        tie.classList.toggle("hdx-lit", near);
        if (near) ends.forEach((end) => bright.add(end));
      });
      this.parts.forEach((part, name) => {
        part.classList.toggle("hdx-lit", bright.has(name));
        part.classList.toggle("hdx-open", name === drawn);
        part.setAttribute("aria-pressed", String(name === drawn));
      });
      const part = this.parts.get(drawn);
      this.follow("hdx-lit", (parts) => parts.includes(part));
      this.svg.classList.toggle("hdx-dim", Boolean(part) && !part.classList.contains("hdx-off"));
      if (part) this.rove(part);
      this.fill(...(object ? this.about(object) : this.folded.has(drawn) ? this.members(drawn) : this.gap(drawn)));
      this.root.classList.add("hdx-opened");
      this.lift(part);
    }

    /** Bring an object into view: within the picture, and above the drawer where there is one. */
    lift(part) {
      this.measure(); // the observer may not have been asked yet
      this.panel.classList.remove("hdx-inline");
      this.panel.style.maxHeight = this.root.style.paddingBottom = "";
      if (part) this.reveal(part);
      if (this.root.dataset.size !== "small") {
        const { top, bottom } = this.panel.getBoundingClientRect(), room = window.innerHeight - Math.max(top, 8) - 8;
        if (bottom > window.innerHeight - 8 && room > 240) this.panel.style.maxHeight = `${room}px`;
        return;
      }
      // Within some pages nothing can be fixed to the window: then the drawer is fixed to the picture.
      const off = Math.abs(this.panel.getBoundingClientRect().bottom - window.innerHeight) > 2;
      this.panel.classList.toggle("hdx-inline", off);
      if (off) this.panel.scrollIntoView({ block: "nearest" });
      else this.root.style.paddingBottom = `${this.panel.offsetHeight + 16}px`;
      const under = part ? part.getBoundingClientRect().bottom + 12 - this.panel.getBoundingClientRect().top : 0;
      for (let it = this.view, left = under; it && left > 0; it = it.parentElement) {
        const before = it.scrollTop;
        if (it === document.scrollingElement || /auto|scroll/.test(getComputedStyle(it).overflowY)) it.scrollTop += left;
        left -= it.scrollTop - before;
      }
    }

    close() {
      this.root.classList.remove("hdx-opened");
      this.panel.style.maxHeight = this.root.style.paddingBottom = "";
      this.panel.classList.remove("hdx-inline");
      const part = this.svg.querySelector(".hdx-open");
      const inside = this.panel.contains(document.activeElement) || document.activeElement === document.body;
      this.open = null;
      this.svg.classList.remove("hdx-dim");
      this.svg.querySelectorAll(".hdx-lit, .hdx-open").forEach((it) => {
        it.classList.remove("hdx-lit", "hdx-open");
        it.setAttribute("aria-pressed", "false");
      });
      this.tip.hidden = true;
      this.overview();
      if (part && inside) part.focus({ preventScroll: true });
    }

    fill(title, ...inside) {
      const close = this.open && el("button", { type: "button", class: "hdx-close", "aria-label": "Close (Escape)",
        title: "Close (Escape)", onclick: () => this.close() }, "×");
      const heading = el("div", { class: "hdx-title", role: "heading", "aria-level": "2" }, title);
      this.panel.replaceChildren(el("div", { class: "hdx-head", "aria-live": "polite" }, heading, close), ...inside.filter(Boolean));
      this.panel.scrollTop = 0;
    }

    /** Nothing is open: list all findings. */
    overview() {
      const rows = this.findings.map((it) => el("li", {}, this.lead(it), el("div", {}, it.message), this.origin(it)));
      this.fill("Findings", el("p", {}, this.verdict), rows.length && el("ul", { class: "hdx-list" }, ...rows),
        el("p", { class: "hdx-quiet" }, "Click an object, or reach it with Tab and the arrow keys and press Enter, for its facts, links and YAML."));
    }

    /** A finding as a link to its object. */
    lead(it) {
      return this.link(it.subject < 0 ? null : this.objects[it.subject], `${SIGNS[it.severity]} ${it.severity}: ${it.about}`);
    }

    /** What a finding follows from, as links to the objects of its causes. */
    origin(it) {
      const causes = it.causes.map((number) => this.findings[number]).filter(Boolean);
      return causes.length && el("div", { class: "hdx-quiet hdx-causes" }, "Follows from: ", ...causes.map((cause) => this.lead(cause)));
    }

    about(object) {
      const folded = !this.parts.has(object.key);
      const part = this.parts.get(object.part), off = part?.classList.contains("hdx-off") && "Hidden by the filters";
      const where = part ? folded ? this.among(object) : [] : ["Not in the picture"];
      const facts = [["kind", object.kind], ["namespace", object.namespace || "(cluster)"],
        ["state", STATE_SIGNS[object.state] + STATES[object.state]], ...(object.facts || [])];
      return [called(object),
        folded && el("p", { class: "hdx-quiet" }, ...where), off && el("p", { class: "hdx-quiet" }, off),
        ...this.section("Findings", object.findings.map((n) => this.finding(this.findings[n], object))),
        ...this.section("Links", this.links(object)),
        ...this.section("Facts", [el("dl", { class: "hdx-facts" },
          ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", (name === "kind" && this.terms[value]) ? { title: this.terms[value] } : {}, value)]))]),
        ...(object.yaml ? this.section("YAML, without managedFields", [el("pre", { class: "hdx-yaml", tabindex: "0" }, object.yaml)]) : [])];
    }

    /** A folded object: how many are folded with it, and a link to them. */
    among(object) {
      const members = this.folded.get(object.part), nodes = members.filter((it) => it.kind === "Node").length;
      const folded = nodes ? `${nodes} folded nodes` : many(members.length, "folded object");
      const does = nodes && object.kind !== "Node" ? "belongs to" : "is";
      return [`${object.name} ${does} one of ${folded}. `, this.jump(object.part, `Show all ${folded}`)];
    }

    members(key) {
      const rows = (this.folded.get(key) || []).map((object) => el("li", {}, this.link(object, called(object))));
      const more = rows.length > MOST_ROWS ? `and ${rows.length - MOST_ROWS} more: search them by name` : "";
      return [this.describe(key)[0], el("ul", { class: "hdx-list" }, ...rows.slice(0, MOST_ROWS)), more && el("p", {}, more)];
    }

    /** A placeholder of a missing object. */
    gap(key) {
      const near = this.ties.filter((tie) => tie.dataset.of.split(" ").includes(key));
      const ends = near.flatMap((tie) => tie.dataset.of.split(" ")).map((end) => this.byKey.get(end)).filter(Boolean);
      const [head, ...rest] = this.describe(key);
      return [head, ...rest.map((line) => el("p", {}, line)),
        ...this.section("Links", near.map((tie) => el("p", {}, tie.dataset.hint || ""))),
        ...this.section("See", [...new Set(ends)].map((object) => el("p", {}, this.link(object, called(object)))))];
    }

    section(title, inside) {
      return inside.length ? [el("div", { class: "hdx-part" }, el("div", { class: "hdx-name", role: "heading", "aria-level": "3" }, title), ...inside)] : [];
    }

    finding(it, object) {
      const other = this.objects[it.subject] !== object;
      const rows = it.evidence.map(([of, path, value]) => el("li", {}, of, " ", path && el("code", {}, path), `: ${value}`));
      return el("div", { class: `hdx-finding hdx-${it.severity}` },
        el("div", {}, el("b", {}, `${SIGNS[it.severity]} ${it.severity} `), el("code", {}, it.rule)),
        other && el("div", { class: "hdx-quiet" }, "about ", it.subject < 0 ? it.about : this.link(this.objects[it.subject], it.about)),
        el("p", {}, it.message), this.origin(it),
        it.next.length && el("div", {}, el("b", {}, "Next"), el("ol", {}, ...it.next.map((step) => el("li", {}, ...prose(step))))),
        it.caution && el("p", {}, el("b", {}, "⚠ Caution: "), ...prose(it.caution)),
        rows.length && el("details", {}, el("summary", {}, "Evidence"), el("ul", { class: "hdx-list" }, ...rows)));
    }

    /** Each link once: broken ones first, then missing ones, then the others. */
    links(object) {
      const broken = this.ties.filter((tie) => BROKEN.has(tie.dataset.state) && tie.dataset.of.split(" ").includes(object.key));
      const listed = new Set();
      const row = (it, lead, other) => {
        const ends = [it.source.key, it.target.key];
        const tie = broken.find((one) => one.dataset.of.split(" ").every((end) => ends.includes(end)) && (one.dataset.hint || "").includes(it.field));
        const [, word, more] = (tie?.dataset.hint || "").split(": ");
        listed.add(tie);
        const state = other.state === "present" ? (more && ` (${word})`) : ` ${tie ? "" : STATE_SIGNS[other.state]}${STATES[other.state]}`;
        return el("li", { class: tie && "hdx-lost" }, tie && "✗ ", el("code", {}, it.field), ` ${lead} `, this.link(other, called(other)), state);
      };
      const there = [...object.names.map((it) => row(it, "→", it.target)), ...object.named.map((it) => row(it, "←", it.source))];
      const lost = broken.filter((tie) => !listed.has(tie)).map((tie) => el("li", { class: "hdx-lost" }, `✗ ${tie.dataset.hint || ""}`));
      const rows = [...lost, ...there].sort((a, b) => b.matches(".hdx-lost") - a.matches(".hdx-lost"));
      const more = rows.length > MOST_ROWS && el("p", {}, `and ${rows.length - MOST_ROWS} more`);
      return rows.length ? [el("ul", { class: "hdx-list" }, ...rows.slice(0, MOST_ROWS)), more].filter(Boolean) : [];
    }

    link(object, words) {
      if (!object) return el("span", {}, words);
      return el("button", { type: "button", class: "hdx-link", onclick: () => { this.select(object.key); this.panel.focus({ preventScroll: true }); } }, words);
    }

    jump(key, words) {
      return el("button", { type: "button", class: "hdx-link", onclick: () => this.select(key) }, words);
    }

    // --- filters ---------------------------------------------------------------------------------------------------

    toggle(chip, kind) {
      this.kindsOnly.has(kind) ? this.kindsOnly.delete(kind) : this.kindsOnly.add(kind);
      chip.setAttribute("aria-pressed", String(this.kindsOnly.has(kind)));
      this.filter();
    }

    /** Whether an object, or one of those that are folded, is of a kind that is shown. */
    wanted(key) {
      const members = this.folded.get(key);
      return !this.kindsOnly.size || this.kindsOnly.has(this.kind(key)) ||
        Boolean(members && members.some((object) => this.kindsOnly.has(object.kind.split(".")[0])));
    }

    /** Hide what is filtered out, and the links that would then have no end. */
    filter() {
      const only = this.broken.getAttribute("aria-pressed") === "true";
      const bad = (tie) => BROKEN.has(tie.dataset.state);
      const kept = new Set([...this.parts.keys()].filter((key) => !only || this.wrong(key)));
      if (only) this.ties.filter(bad).forEach((tie) => tie.dataset.of.split(" ").forEach((end) => kept.add(end)));
      let shown = 0, all = 0;
      this.parts.forEach((part, key) => {
        const off = !kept.has(key) || !this.wanted(key);
        part.classList.toggle("hdx-off", off);
        const size = this.folded.get(key)?.length || 1;
        all += size;
        shown += off ? 0 : size;
      });
      this.follow("hdx-off", (parts) => parts.every((part) => part.classList.contains("hdx-off")));
      this.ties.forEach((tie) => tie.classList.toggle("hdx-off", tie.dataset.of.split(" ").some((end) => this.parts.get(end)?.classList.contains("hdx-off"))));
      const trunkless = only || this.kindsOnly.size > 0; // the lines that many links share
      this.svg.querySelectorAll('g[data-role="trunk"]').forEach((trunk) => trunk.classList.toggle("hdx-off", trunkless));
      this.shown.textContent = shown < all ? `${shown} of ${all} objects shown` : "";
      const first = [...this.parts.values()].find((part) => !part.classList.contains("hdx-off"));
      if (this.current?.classList.contains("hdx-off") && first) this.rove(first);
      this.crop(only || this.kindsOnly.size > 0);
    }

    /** The picture ends below what is still shown: no empty page is kept. */
    crop(filtered) {
      const there = filtered ? [...this.parts.values(), ...this.ties, ...this.beside].filter((it) => !it.classList.contains("hdx-off")) : [];
      const lows = there.map((it) => it.getBBox()).map((box) => box.y + box.height);
      this.high = lows.length ? Math.min(this.whole, Math.max(...lows) + 16) : this.whole;
      this.svg.setAttribute("viewBox", `0 0 ${this.wide} ${this.high}`);
      this.svg.style.height = `${this.high * this.scale}px`;
      this.view.scrollTop = 0;
    }

    // --- zoom and scroll --------------------------------------------------------------------------------------------

    zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
      const scale = Math.min(CLOSEST, Math.max(FARTHEST, this.scale * factor)), ratio = scale / this.scale;
      const left = (this.view.scrollLeft + x) * ratio - x, top = (this.view.scrollTop + y) * ratio - y;
      this.scale = scale;
      this.fitted = false;
      this.svg.style.width = `${this.wide * scale}px`;
      this.svg.style.height = `${this.high * scale}px`;
      this.view.scrollTo(left, top);
    }

    fit() {
      this.zoom(Math.min(1, Math.max(LEAST_FIT, this.view.clientWidth / this.wide)) / this.scale);
      this.fitted = true;
    }

    reveal(part) {
      const box = part.getBoundingClientRect(), view = this.view.getBoundingClientRect();
      if (box.left < view.left || box.right > view.right) this.view.scrollLeft += box.left - view.left - (view.width - box.width) / 2;
      if (box.top < view.top || box.bottom > view.bottom) this.view.scrollTop += box.top - view.top - (view.height - box.height) / 2;
    }

    rove(part) {
      if (!part) return;
      this.current?.setAttribute("tabindex", "-1");
      part.setAttribute("tabindex", "0");
      this.current = part;
    }

    /** Focus the nearest object in a direction; distance to the side counts double. */
    step(across, down) {
      const middle = (part) => { const b = part.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
      const [x, y] = middle(this.current);
      let best = null, least = Infinity;
      for (const part of this.parts.values()) {
        if (part === this.current || part.classList.contains("hdx-off")) continue;
        const [a, b] = middle(part), ahead = (a - x) * across + (b - y) * down;
        const beside = Math.abs((a - x) * down + (b - y) * across);
        const far = ahead + 2 * beside + (2 * ahead < beside ? 1e6 : 0); // what is mostly sideways comes last
        if (ahead > 16 && far < least) [best, least] = [part, far];
      }
      if (best) this.focus(best);
    }

    focus(part) {
      this.rove(part);
      part.focus({ preventScroll: true });
      this.reveal(part);
    }

    hint(part, x, y) {
      if (!part) { this.tip.hidden = true; return; }
      const [head, ...rest] = this.parts.has(part.dataset.key) ? this.describe(part.dataset.key) : part.dataset.hint.split("\n");
      this.tip.replaceChildren(el("b", {}, head), ...rest.map((line) => el("div", {}, line)));
      this.tip.hidden = false;
      const frame = this.view.parentElement.getBoundingClientRect(), high = this.tip.offsetHeight + 8;
      const { top, bottom } = this.span(part);
      const above = top - frame.top - high >= 0 && bottom + high > Math.min(frame.bottom, window.innerHeight);
      this.tip.style.left = `${Math.max(4, Math.min(x - frame.left + 14, frame.width - this.tip.offsetWidth - 4))}px`;
      this.tip.style.top = `${above ? top - frame.top - high : bottom - frame.top + 8}px`;
    }

    /** The vertical extent of a part's row; of a tall row only that of the part. */
    span(part) {
      const own = part.getBoundingClientRect(), row = this.rowOf.get(part);
      const boxes = [...this.rowOf].filter(([it, of]) => of === row && it.getClientRects().length).map(([it]) => it.getBoundingClientRect());
      const top = Math.min(own.top, ...boxes.map((box) => box.top)), bottom = Math.max(own.bottom, ...boxes.map((box) => box.bottom));
      return bottom - top > FAR ? own : { top, bottom };
    }

    // --- mouse and keyboard -------------------------------------------------------------------------------------------

    listen() {
      this.objects.forEach((it) => { it.text = [it.kind, it.namespace, it.name, ...(it.facts || []).map((fact) => fact[1])].join(" ").toLowerCase(); });
      const part = (event) => event.target.closest?.(PARTS);
      this.search.addEventListener("input", () => this.seek());
      this.broken.addEventListener("click", () => {
        const only = this.broken.getAttribute("aria-pressed") !== "true";
        this.broken.setAttribute("aria-pressed", String(only));
        if (only && this.open) this.close();
        this.filter();
      });
      this.svg.addEventListener("click", (event) => {
        if (this.dragged) return;
        if (part(event)) this.focus(part(event));
        part(event) ? this.select(part(event).dataset.key) : this.close();
      });
      this.svg.addEventListener("pointermove", (event) =>
        this.hint(this.from ? null : event.target.closest?.(`${PARTS}, g[data-hint]`), event.clientX, event.clientY));
      this.svg.addEventListener("pointerleave", () => this.hint(null));
      this.svg.addEventListener("focusin", (event) => {
        if (part(event)) this.rove(part(event));
        const box = event.target.getBoundingClientRect();
        if (event.target.matches(":focus-visible")) this.hint(part(event), box.left, box.bottom);
      });
      this.svg.addEventListener("focusout", () => this.hint(null));
      this.view.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      this.root.addEventListener("keydown", (event) => this.key(event));
      // In a page of its own the keys work wherever the focus is; in a notebook they are the notebook's.
      if (document.body.classList.contains("hdx-page")) {
        document.addEventListener("keydown", (event) => { if (!this.root.contains(event.target)) this.key(event); });
      }
      this.drag();
    }

    wheel(event) {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const view = this.view.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 300), event.clientX - view.left, event.clientY - view.top);
    }

    drag() {
      this.view.addEventListener("pointerdown", (event) => {
        this.dragged = false;
        if (event.button === 0 && event.pointerType === "mouse") this.from = [event.clientX + this.view.scrollLeft, event.clientY + this.view.scrollTop];
      });
      this.view.addEventListener("pointermove", (event) => {
        if (!this.from) return;
        const left = this.from[0] - event.clientX, top = this.from[1] - event.clientY;
        if (!this.dragged && Math.hypot(left - this.view.scrollLeft, top - this.view.scrollTop) < 5) return;
        if (!this.dragged) this.view.setPointerCapture(event.pointerId);
        this.dragged = true;
        this.view.scrollTo(left, top);
      });
      for (const end of ["pointerup", "pointercancel"]) this.view.addEventListener(end, () => { this.from = null; });
    }

    key(event) {
      const typing = event.target === this.search, object = event.target.closest?.(PARTS);
      const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      event.stopPropagation(); // in JupyterLab a plain letter would add or delete a cell
      if (event.key === "Escape") typing && this.search.value ? ((this.search.value = ""), this.seek()) : this.close();
      else if (typing && event.key === "Enter") this.next(event.shiftKey ? -1 : 1);
      else if (typing) return;
      else if (object && arrows[event.key]) this.step(...arrows[event.key]);
      else if (object && (event.key === "Enter" || event.key === " ")) this.select(object.dataset.key);
      else if (event.key === "+" || event.key === "=") this.zoom(1.25);
      else if (event.key === "-") this.zoom(1 / 1.25);
      else if (event.key === "0") this.fit();
      else if (event.key === "/") this.search.focus();
      else return;
      event.preventDefault();
    }
  }

  // Every fragment on the page contains this script; each is started once, by whichever script runs first.
  const begun = (window.harvdiagExplorers ||= new WeakSet());
  const mine = document.currentScript?.closest(".hdx");
  for (const root of new Set([...(mine ? [mine] : []), ...document.querySelectorAll(".hdx")])) {
    if (begun.has(root) || !root.querySelector("img.hdx-still") || !root.querySelector('script[type="application/json"]')) continue;
    begun.add(root);
    new Explorer(root);
  }
})();
