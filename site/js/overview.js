// The overview: the box of questions, and the worst case at a glance, drawn by the renderer of the map page.
"use strict";

DTL.page = async () => {
  DTL.askBox(document.getElementById("dtl-ask"));
  const link = document.getElementById("dtl-glance");
  try {
    const [study, ov] = await Promise.all([DTL.load("study"), DTL.load("ov")]);
    if (!ov.feeders.n) return link.setAttribute("data-ready", "empty");
    const data = new DTL.MapData(study, ov);
    data.at = Math.max(0, study.cases.findIndex((c) => c.case === study.worst_case));
    link.hidden = false;
    link.title = `${study.cases[data.at].label}: open the map`;
    await DTL.smallMap(link, link.querySelector("canvas"), data, data.opening(data.at));
    link.setAttribute("data-ready", "true");
  } catch (error) {
    link.hidden = true;
    console.error(error);
  }
};
