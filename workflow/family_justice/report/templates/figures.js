// Figures tell their values to who points, touches or uses the arrow keys, and leave out series on request. Places and
// words stand in the page, because a script cannot look into a drawing that was opened as a file.
for (const figure of document.querySelectorAll("figure[data-spots]")) {
  const drawing = figure.querySelector("object");
  const spots = JSON.parse(figure.dataset.spots), series = JSON.parse(figure.dataset.series);
  const make = (tag, className, parent) => {
    const made = document.createElement(tag);
    made.className = className;
    parent.append(made);
    return made;
  };
  if (spots.length) {
    const plot = document.createElement("div");
    plot.className = "plot";
    drawing.before(plot);
    plot.append(drawing);
    const cover = make("div", "cover", plot), mark = make("div", "mark", plot), said = make("div", "said", plot);
    Object.assign(cover, { tabIndex: 0, role: "slider", ariaValueMin: 1, ariaValueMax: spots.length, ariaValueNow: 1 });
    cover.ariaLabel = `Values of the figure ${figure.dataset.title}`;
    cover.ariaValueText = "Arrow keys tell the values";
    mark.hidden = said.hidden = true;
    let at = -1;
    const show = (next) => {
      at = next;
      mark.hidden = said.hidden = at < 0;
      if (at < 0) return;
      const [left, width, top, height, words] = spots[at];
      Object.assign(mark.style, { left: `${left}%`, width: `${width}%`, top: `${top}%`, height: `${height}%` });
      const right = left + width / 2 > 50;
      Object.assign(said.style, right ? { right: `${101 - left}%`, left: "" } : { left: `${left + width + 1}%`, right: "" });
      said.style.top = `${Math.min(top, 70)}%`;
      said.textContent = words;
      cover.ariaValueNow = at + 1;
      cover.ariaValueText = words;
    };
    const point = (event) => {
      const box = cover.getBoundingClientRect();
      const x = 100 * (event.clientX - box.left) / box.width, y = 100 * (event.clientY - box.top) / box.height;
      show(spots.findIndex(([left, width, top, height]) => x >= left && x < left + width && y >= top && y < top + height));
    };
    cover.addEventListener("pointermove", point);
    cover.addEventListener("click", point);
    cover.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(-1));
    cover.addEventListener("blur", () => show(-1));
    cover.addEventListener("keydown", (event) => {
      const last = spots.length - 1;
      const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last, Escape: -1 };
      if (!(event.key in to)) return;
      event.preventDefault();
      show(event.key === "Escape" ? -1 : Math.max(0, Math.min(last, to[event.key])));
    });
  }
  if (series.length) {
    const choice = make("p", "series", figure);
    figure.querySelector(".scroll").after(choice);
    choice.append("Shown:");
    const file = drawing.getAttribute("data"), hidden = new Set();
    series.forEach((name, number) => {
      const button = make("button", "", choice);
      button.type = "button";
      button.textContent = name;
      button.ariaPressed = "true";
      button.addEventListener("click", () => {
        if (!hidden.delete(number) && hidden.size < series.length - 1) hidden.add(number);
        button.ariaPressed = String(!hidden.has(number));
        const digits = [...hidden].sort().join("");
        drawing.contentWindow?.location.replace(new URL(`${file}#${digits ? `hide-${digits}` : "all"}`, document.baseURI));
      });
    });
  }
}
