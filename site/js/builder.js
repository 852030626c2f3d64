// The page that builds a scenario: layers in a stack, a form for each from the JSON Schema, and the YAML that comes out.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-builder");
  try {
    DTL.builder.use(await DTL.load("builder"));
    DTL.builder.show(root, DTL.builder.given(location.hash) ?? DTL.builder.kept() ?? DTL.builder.fresh());
  } catch (error) {
    DTL.tell(root, error);
  }
};

{
  const b = DTL.builder;
  const plain = (word) => word.replaceAll("_", " ");

  /* what is being built outlives the page, where the browser lets it */
  const key = () => `dtl-builder-${b.told.study}`;
  b.kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(key()));
    } catch {
      return null;
    }
  };
  b.keep = (state) => {
    try {
      sessionStorage.setItem(key(), JSON.stringify(state));
    } catch {
      // a browser without storage forgets
    }
  };

  b.show = (root, state) => {
    let isWhole = false;
    const cards = DTL.h("div", { class: "dtl-cards-list" });
    const names = DTL.h("div", {});
    const status = DTL.h("div", { class: "dtl-build__status", role: "status" });
    const code = DTL.h("code", {});
    const output = DTL.h("pre", { tabindex: "0", "aria-label": "The YAML", class: "dtl-build__yaml" }, code);
    const said = DTL.h("small", { role: "status" });

    const changed = () => {
      b.keep(state);
      const mistakes = b.mistakes(state);
      code.textContent = b.text(state, isWhole);
      tell(mistakes);
      root.setAttribute("data-mistakes", mistakes.length);
    };

    /** Puts each mistake beside its field, or beside the nearest one around it; and all of them above the YAML. */
    const tell = (mistakes) => {
      const places = new Map([...root.querySelectorAll("[data-wrong]")].map((e) => [e.getAttribute("data-wrong"), e]));
      for (const place of places.values()) place.textContent = "";
      for (const control of root.querySelectorAll("[data-path]")) control.removeAttribute("aria-invalid");
      for (const { path, message } of mistakes) {
        let at = path;
        while (at && !places.has(at)) at = at.replace(/(\.[^.[]+|\[\d+\])$/, "") === at ? "" : at.replace(/(\.[^.[]+|\[\d+\])$/, "");
        const place = places.get(at);
        if (place) place.textContent += `${place.textContent ? " " : ""}${message}`;
        root.querySelector(`[data-path="${CSS.escape(path)}"]`)?.setAttribute("aria-invalid", "true");
      }
      status.replaceChildren(mistakes.length
        ? DTL.h("div", { class: "dtl-callout dtl-callout-bad" }, DTL.h("b", {}, `${mistakes.length} mistake${mistakes.length > 1 ? "s" : ""}`), DTL.h("ul", {}, mistakes.slice(0, 12).map((m) => DTL.h("li", {}, DTL.h("code", {}, m.path), ` ${m.message}`))))
        : DTL.h("p", { class: "dtl-good" }, state.layers.length ? "No mistake; dtl check also looks at files and at the other sections." : "A scenario without layers is the base case."));
    };

    const redraw = (focus) => {
      names.replaceChildren(...b.datalists());
      cards.replaceChildren(...state.layers.map((layer, i) => card(layer, i)));
      changed();
      if (focus) root.querySelector(focus)?.focus();
    };

    const move = (i, by) => {
      const [layer] = state.layers.splice(i, 1);
      state.layers.splice(i + by, 0, layer);
      redraw(`[data-layer="${i + by}"] [data-move="${by}"]:not([disabled])`);
    };

    const card = (layer, i) => {
      const path = `layers.${layer.name}`;
      const cls = b.kinds[layer.data.kind];
      const button = (text, act, more = {}) => DTL.h("button", { type: "button", class: "dtl-button", onclick: act, ...more }, text);
      const rename = (event) => {
        const name = event.target.value.trim();
        for (const other of state.layers) if (other.data.with === layer.name) other.data.with = name;
        layer.name = name;
        redraw(`[data-layer="${i}"] [data-name]`);
      };
      const head = DTL.h("div", { class: "dtl-layer__head" },
        layer.isOld ? DTL.h("b", {}, layer.name) : DTL.h("label", { class: "dtl-field" }, "Name", DTL.h("input", { value: layer.name, "data-name": "", "data-path": path, spellcheck: "false", onchange: rename })),
        DTL.h("span", { class: "dtl-layer__buttons" },
          button("↑", () => move(i, -1), { "aria-label": `Move ${layer.name} up`, "data-move": "-1", disabled: i === 0 }),
          button("↓", () => move(i, 1), { "aria-label": `Move ${layer.name} down`, "data-move": "1", disabled: i === state.layers.length - 1 }),
          button("Remove", () => (state.layers.splice(i, 1), redraw("#dtl-add-kind")), { "aria-label": `Remove ${layer.name}` })));
      const wrong = DTL.h("small", { class: "dtl-wrong", "data-wrong": path });
      const body = layer.isOld
        ? [DTL.h("p", { class: "dtl-note" }, "As the study has it: ", DTL.h("code", {}, DTL.yaml.flow(layer.data)), " ", button("Make a copy to change", () => {
            const copy = b.free(layer.name, [...state.layers.map((l) => l.name), ...b.told.names.layers]);
            state.layers[i] = { name: copy, data: structuredClone(layer.data) };
            redraw(`[data-layer="${i}"] [data-name]`);
          }))]
        : [b.fields(cls, layer.data, path, { changed, redraw: () => redraw() }), layer.data.kind === "ev" ? ofDay(layer) : ""];
      return DTL.h("fieldset", { class: "dtl-layer", "data-layer": String(i), "data-kind": layer.data.kind }, DTL.h("legend", {}, `${i + 1}. ${plain(layer.data.kind)}`),
        DTL.h("small", { class: "dtl-help" }, b.classes[cls].description.split("\n")[0]), head, wrong, ...body.flat(Infinity));
    };

    /** The 24-hour profile of a layer of cars: drawn here, or one that has a name. */
    const ofDay = (layer) => {
      const day = state.profiles[layer.data.profile];
      if (!day) {
        return DTL.h("button", { type: "button", class: "dtl-button", "data-draw": "", onclick: () => {
          const like = b.told.days[layer.data.profile] ? layer.data.profile : "level2_residential";
          const name = b.free(`${layer.name}_day`, b.names("profiles"));
          state.profiles[name] = b.day.like(like);
          layer.data.profile = name;
          redraw(`[data-day="${name}"] input`);
        } }, "Draw a 24-hour profile");
      }
      const path = `profiles.${layer.data.profile}`;
      return DTL.h("fieldset", { class: "dtl-part" }, DTL.h("legend", {}, `24-hour profile ${layer.data.profile}`),
        DTL.h("small", { class: "dtl-help" }, "Load of one vehicle in each hour of the clock. It is taken as it is, whatever other vehicles do, so peaks of many vehicles add up. Drag the bars, or type; arrow keys step a number."),
        ["", ".weekday", ".weekend", ".energy_kwh_per_day"].map((w) => DTL.h("small", { class: "dtl-wrong", "data-wrong": path + w })),
        b.day.editor(layer.data.profile, day, changed),
        DTL.h("button", { type: "button", class: "dtl-button", onclick: () => (delete state.profiles[layer.data.profile], delete layer.data.profile, redraw(`[data-kind="ev"] [data-draw]`)) }, "Leave the drawn profile out"));
    };

    const kind = DTL.h("select", { id: "dtl-add-kind" }, b.told.order.map((k) => DTL.h("option", { value: k }, plain(k))));
    const old = DTL.h("select", { id: "dtl-add-old" }, b.told.names.layers.map((n) => DTL.h("option", { value: n }, n)));
    const add = () => {
      b.add(state, kind.value);
      redraw(`[data-layer="${state.layers.length - 1}"] [data-name]`);
    };
    const addOld = () => {
      if (state.layers.some((l) => l.name === old.value)) return;
      b.stack(state, old.value);
      redraw("#dtl-add-old");
    };
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        said.textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(code);
        said.textContent = "Selected: press Ctrl+C.";
      }
    };
    const save = () => {
      const name = isWhole ? "study.yaml" : `${state.name || "scenario"}.yaml`;
      const link = DTL.h("a", { href: URL.createObjectURL(new Blob([code.textContent], { type: "application/yaml" })), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };
    const which = (value, text) => DTL.h("label", {}, DTL.h("input", { type: "radio", name: "dtl-which", value, checked: (value === "whole") === isWhole, onchange: () => ((isWhole = value === "whole"), changed()) }), ` ${text}`);
    const named = (label, word, help) => DTL.h("label", { class: "dtl-field" }, label, DTL.h("input", { value: state[word], "data-path": word === "name" ? `scenarios.${state.name}` : "", spellcheck: "false", "data-scenario": word, oninput: (e) => ((state[word] = e.target.value.trim()), changed()) }), DTL.h("small", { class: "dtl-help" }, help));

    root.replaceChildren(names,
      DTL.h("div", { class: "dtl-build" },
        DTL.h("form", { class: "dtl-build__form", "aria-label": "The scenario", onsubmit: (e) => e.preventDefault() },
          DTL.h("div", { class: "dtl-fields" }, named("Name of the scenario", "name", "A letter, then letters, digits, _ or -."), named("Title", "title", "What the pages call it.")),
          cards,
          DTL.h("div", { class: "dtl-pair" }, DTL.h("label", { class: "dtl-field" }, "New layer", kind), DTL.h("button", { type: "button", class: "dtl-button", "data-add": "", onclick: add }, "Add"),
            b.told.names.layers.length ? [DTL.h("label", { class: "dtl-field" }, "A layer that the study has", old), DTL.h("button", { type: "button", class: "dtl-button", "data-stack": "", onclick: addOld }, "Stack it")] : "",
            DTL.h("button", { type: "button", class: "dtl-button", onclick: () => b.show(root, b.fresh()) }, "Begin anew"))),
        DTL.h("section", { class: "dtl-build__out", "aria-label": "What comes out" }, status,
          DTL.h("div", { class: "dtl-chips" }, which("snippet", "the scenario alone"), which("whole", "the whole study.yaml")),
          output, DTL.h("div", { class: "dtl-pair" }, DTL.h("button", { type: "button", class: "dtl-button", "data-copy": "", onclick: copy }, "Copy"), DTL.h("button", { type: "button", class: "dtl-button", "data-save": "", onclick: save }, "Download"), said),
          DTL.h("p", { class: "dtl-note" }, "Then: ", DTL.h("code", {}, `dtl check ${b.told.study}`), ", ", DTL.h("code", {}, `dtl plan ${b.told.study}`), ", ", DTL.h("code", {}, `dtl run ${b.told.study}`), ". Only cases that are new are solved."))));
    redraw();
    root.setAttribute("data-ready", "true");
  };
}
