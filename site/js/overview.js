// The small map of the overview: the worst case at a glance, drawn by the renderer of the map page.
"use strict";

DTL.page = async () => {
  const link = document.getElementById("dtl-glance");
  try {
    const [study, ov] = await Promise.all([DTL.load("study"), DTL.load("ov")]);
    if (!ov.feeders.n) return;
    const data = new DTL.MapData(study, ov);
    data.at = Math.max(0, study.cases.findIndex((c) => c.case === study.worst_case));
    link.hidden = false;
    link.title = `${study.cases[data.at].label}: open the map`;
    const canvas = link.querySelector("canvas");
    const camera = new DTL.Camera();
    const view = new DTL.MapDraw(canvas, data, camera);
    view.quiet = true;
    const few = data.parts.reduce((a, b) => a + b, 0) <= DTL.MOST_PARTS / 4;
    if (few) await Promise.all(data.ids.map((_, i) => data.detail(i)));
    const draw = () => {
      const box = link.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      Object.assign(camera, { width: box.width, height: box.height });
      canvas.width = box.width * ratio;
      canvas.height = box.height * ratio;
      camera.fit(data.plane.around(data.ids.map((_, i) => i)), 14);
      view.draw();
    };
    new ResizeObserver(draw).observe(link);
    DTL.onScheme(draw);
    link.setAttribute("data-ready", "true");
  } catch (error) {
    link.hidden = true;
    console.error(error);
  }
};
