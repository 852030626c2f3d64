// What a pointer and keys do to the map.
"use strict";

/** Listens to both canvases, which share one camera, and to the buttons that zoom. */
DTL.mapInput = (page) => {
  for (const canvas of [page.canvas, page.beside]) DTL.mapPointer(page, canvas);
  const ways = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
  page.canvas.addEventListener("keydown", (event) => {
    if (ways[event.key]) page.camera.pan(...ways[event.key]);
    else if (event.key === "+" || event.key === "=") page.camera.zoom(1.5);
    else if (event.key === "-") page.camera.zoom(1 / 1.5);
    else if (event.key === "0") page.fit();
    else if (event.key === "Enter") return page.click(page.camera.width / 2, page.camera.height / 2);
    else return undefined;
    event.preventDefault();
    return page.moved();
  });
  page.root.addEventListener("keydown", (event) => event.key === "Escape" && page.close());
  for (const button of page.root.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => {
    if (button.dataset.zoom === "fit") page.fit();
    else page.camera.zoom(button.dataset.zoom === "in" ? 1.6 : 1 / 1.6);
    page.moved();
  });
};

DTL.mapPointer = (page, canvas) => {
  const down = new Map();
  let moved = 0;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    if (!down.has(event.pointerId)) return DTL.mapHover(page, canvas, ...now);
    const before = down.get(event.pointerId);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const span = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      page.camera.zoom(span(now) / Math.max(span(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    page.camera.pan((now[0] - before[0]) / down.size, (now[1] - before[1]) / down.size);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    down.set(event.pointerId, now);
    return page.moved();
  });
  const up = (event) => {
    if (down.delete(event.pointerId) && moved < 5 && event.type === "pointerup") page.click(...at(event));
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    page.camera.zoom(2 ** (-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)), ...at(event));
    page.moved();
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => (page.camera.zoom(2, ...at(event)), page.moved()));
};

DTL.mapHover = (page, canvas, sx, sy) => {
  const part = page.hit(sx, sy);
  const before = page.view.hover;
  const same = part && before && part.detail === before.detail && part.kind === before.kind && part.k === before.k;
  if (same || (!part && !before)) return;
  page.view.hover = part;
  canvas.style.cursor = part ? "pointer" : "";
  canvas.title = part ? `${part.kind} ${part.detail.table(part.kind).get("name")[part.k]}` : "";
  page.redraw();
};
