"use strict";
// Sorting, filters, slider, tooltips and theme. The page can be read without any of it.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // Tables: best first, then worst first, then as they were.
  const shown = (row, column) => {
    const cell = row.querySelector(`[data-c="${column}"]`);
    return cell?.dataset.s ?? cell?.dataset.o ?? "";
  };

  const compare = (a, b, sign) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // what is missing is always last
    const [x, y] = [Number(a), Number(b)];
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y);
  };

  const sort = (table, column, order) => {
    const sign = order === "descending" ? -1 : 1;
    for (const body of table.tBodies) {
      const rows = all("tr[data-place]", body);
      rows.sort((a, b) => {
        const fixed = a.classList.contains("reference") - b.classList.contains("reference");
        const value = order === "none" ? 0 : compare(shown(a, column), shown(b, column), sign);
        return fixed || value || a.dataset.place - b.dataset.place;
      });
      body.append(...rows);
    }
  };

  for (const table of all("table.sortable")) {
    for (const body of table.tBodies) {
      all("tr:not(.group)", body).forEach((row, place) => { row.dataset.place = place; });
    }
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      const first = head.dataset.first;
      const cycle = { none: first, [first]: first === "ascending" ? "descending" : "ascending" };
      button.addEventListener("click", () => {
        const order = cycle[head.getAttribute("aria-sort")] ?? "none";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", order);
        sort(table, column, order);
      });
    });
  }

  // Filters: an element is shown if it has nothing that was not asked for.
  const form = document.querySelector(".filters");
  const [text, task, variant, status] = ["text", "task", "variant", "status"].map((name) =>
    document.getElementById(`f-${name}`));
  const runs = all("table.runs tr[data-variant]");

  const filter = () => {
    const wanted = { task: task.value, variant: variant.value, status: status.value };
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const element of all("[data-variant], [data-status]")) {
      const data = element.dataset;
      const other = Object.keys(wanted).some((key) =>
        wanted[key] && data[key] && data[key] !== wanted[key]);
      const own = element.closest("table.runs, .failure") ? element.textContent : "";
      const has = [data.variant, data.task, data.status, own].join(" ").toLowerCase();
      const missed = data.variant && words.some((word) => !has.includes(word));
      element.classList.toggle("out", Boolean(other || missed));
    }
    for (const group of all("[data-group]")) {
      const members = all("[data-variant]", group);
      const empty = members.length > 0 && members.every((one) => one.classList.contains("out"));
      group.classList.toggle("out", empty);
    }
    const left = runs.filter((row) => !row.classList.contains("out")).length;
    document.getElementById("f-count").value = `${left} of ${runs.length} runs`;
  };
  for (const event of ["input", "change"]) form.addEventListener(event, filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter();

  // Samples: every strip shows the mark of the slider, or its last one before that.
  for (const slider of all(".slider")) {
    const input = slider.querySelector("input");
    const marks = input.dataset.marks.split("|");
    const strips = all(".strip", slider.parentElement);
    slider.hidden = marks.length < 2;
    input.addEventListener("input", () => {
      const mark = Number(input.value);
      slider.querySelector("output").value = marks[mark];
      input.setAttribute("aria-valuetext", `${marks[mark]} of the budget`);
      for (const strip of strips) {
        const frames = all(".frame", strip);
        const before = frames.filter((frame) => frame.dataset.i <= mark);
        const now = before.at(-1) ?? frames[0];
        for (const frame of frames) {
          frame.hidden = frame !== now;
          if (frame.hidden) for (const sound of all("audio", frame)) sound.pause();
        }
      }
    });
  }

  // Charts: the variant that is pointed at or has the focus stands out.
  for (const chart of all(".chart > svg")) {
    const groups = all("g[data-variant]", chart);
    const single = (event) => {
      const variant = event.target.closest("g[data-variant]")?.dataset.variant;
      for (const one of groups) {
        one.classList.toggle("dim", variant !== undefined && one.dataset.variant !== variant);
      }
    };
    const none = () => { for (const one of groups) one.classList.remove("dim"); };
    chart.addEventListener("pointerover", single);
    chart.addEventListener("focusin", (event) => {
      if (event.target.matches(":focus-visible")) single(event);
    });
    chart.addEventListener("pointerleave", none);
    chart.addEventListener("focusout", none);
  }

  // Tooltips: of what the pointer is on, or of the mark that the arrow keys have come to.
  const tip = document.getElementById("tip");
  const place = (x, y) => {
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(x + 14, root.clientWidth - width - 8));
    const top = y - height - 12 < 4 ? y + 18 : y - height - 12;
    tip.style.transform = `translate(${left}px, ${top}px)`;
  };
  const tell = (element, x, y) => {
    tip.textContent = element.dataset.tip;
    tip.hidden = false;
    const box = element.getBoundingClientRect();
    place(x ?? box.right, y ?? box.top);
  };
  const hush = () => { tip.hidden = true; };
  document.addEventListener("pointermove", (event) => {
    const element = event.target.closest?.("[data-tip]");
    if (element) tell(element, event.clientX, event.clientY);
    else if (!document.activeElement?.classList.contains("series")) hush();
  });
  for (const series of all(".series[tabindex]")) {
    const marks = all(".mark[data-tip]", series);
    let at = marks.length - 1;
    series.addEventListener("focus", () => { if (series.matches(":focus-visible")) tell(marks[at]); });
    series.addEventListener("blur", hush);
    series.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!move) return;
      event.preventDefault();
      at = Math.max(0, Math.min(at + move, marks.length - 1));
      tell(marks[at]);
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });

  // Theme: as the system has it, until somebody asks for the other one.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    name();
  });
  system.addEventListener("change", name);
  button.hidden = false;
  name();

  // What is folded is printed, too, where the browser cannot do it by style alone.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all(".failure details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
})();
