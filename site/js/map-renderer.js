// Which renderer draws the network: the canvas at once, WebGL from when it can and where it is faster.
"use strict";

/** Graphics processors that are programs: there the canvas is faster. */
DTL.SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** What draws the network: `gl` or `canvas`, and why. `?renderer=` in the address wins where it can be had. */
DTL.rendererHere = () => {
  const asked = new URLSearchParams(location.search).get("renderer");
  if (asked === "canvas") return { name: "canvas", why: "as the address asks" };
  if (!DTL.vendor) return { name: "canvas", why: "this site was built without MapLibre" };
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return { name: "canvas", why: "this browser has no WebGL 2" };
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const chip = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  if (asked === "gl") return { name: "gl", why: "as the address asks" };
  return DTL.SOFTWARE.test(chip) ? { name: "canvas", why: "WebGL is computed in software here, which is slower" } : { name: "gl", why: chip };
};

/** The renderers of the page's two maps, which are of one kind. */
DTL.Renderers = class {
  constructor(page) {
    Object.assign(this, { page, isGl: false });
  }

  /** The root tells in `data-renderer` what draws the network, once all of it is drawn. */
  async choose() {
    const { name, why } = DTL.rendererHere();
    if (name === "canvas") return this.#tell(why);
    this.isGl = true;
    window.addEventListener("beforeprint", () => this.#print(true));
    window.addEventListener("afterprint", () => this.#print(false));
    await Promise.all([this.#begin(this.page.view), this.second()]);
    return this.#tell();
  }

  /** The other map has WebGL while it is shown. */
  async second() {
    const { left, split } = this.page;
    if (!this.isGl) return;
    if (split === "one") this.#toCanvas(left);
    else if (left.renderer.name !== "gl") await this.#begin(left);
  }

  /** deck.gl is read when a layer is on that it draws; until then, and where it cannot be read, the canvas draws it. */
  async areas() {
    if (!this.isGl || !this.page.view.on.some((name) => DTL.AREAS.includes(DTL.OVERLAYS[name].shape))) return;
    await Promise.all([this.page.view, this.page.left].map((view) => view.renderer.withAreas?.(() => this.page.redraw())));
    this.page.redraw();
  }

  async #begin(view) {
    try {
      const made = await DTL.GlNetwork.begin(view);
      made.failed = (error) => this.#fail(error);
      if (!this.isGl || (view.other && this.page.split === "one")) return made.remove();
      view.renderer = made;
      await this.areas();
      this.page.redraw();
      await made.settled();
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  /** WebGL failed, now or later: both maps go back to the canvas. */
  #fail(error) {
    this.isGl = false;
    for (const view of [this.page.view, this.page.left]) this.#toCanvas(view);
    this.page.redraw();
    this.#tell(`WebGL failed: ${error.message}`);
  }

  #toCanvas(view) {
    view.renderer.remove?.();
    if (view.renderer.name !== "canvas") view.renderer = new DTL.CanvasNetwork();
  }

  #tell(why = "") {
    const how = this.page.find("dtl-how");
    how.textContent = this.isGl ? "MapLibre" : "Canvas";
    how.title = this.isGl ? "The network is drawn by WebGL." : `The network is drawn on a canvas: ${why}.`;
    this.page.root.setAttribute("data-renderer", this.isGl ? "gl" : "canvas");
  }

  /** Paper takes what is on the canvas. */
  #print(is) {
    if (!this.isGl) return;
    for (const view of [this.page.view, this.page.left]) {
      if (is) [view.kept, view.renderer] = [view.renderer, new DTL.CanvasNetwork()];
      else if (view.kept) [view.renderer, view.kept] = [view.kept, null];
      view.draw();
    }
  }
};
