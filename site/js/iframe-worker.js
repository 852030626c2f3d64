// Search works from a disk: there a browser refuses workers, so a worker whose script is a file runs in a hidden frame.
// Workers of blobs and data stay the browser's own. The theme's offline plugin wants the file name to hold "iframe-worker".
"use strict";

if (location.protocol === "file:") {
  const Native = window.Worker;
  class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      frame.srcdoc = "<!doctype html><title>search</title>";
      frame.addEventListener("load", () => this.#begin(frame.contentWindow, url), { once: true });
      document.documentElement.append(frame);
    }

    #begin(inner, url) {
      const tell = (data) => {
        const event = new MessageEvent("message", { data });
        this.onmessage?.(event);
        this.dispatchEvent(event);
      };
      inner.postMessage = tell;
      inner.importScripts = (...urls) => Promise.all(urls.map((u) => FrameWorker.script(inner, u)));
      FrameWorker.script(inner, url).then(() => {
        this.inner = inner;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }

    static script(inner, url) {
      return new Promise((resolve, reject) => {
        const script = inner.document.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${url} cannot be read`));
        inner.document.head.append(script);
      });
    }

    postMessage(data) {
      if (this.inner) this.inner.dispatchEvent(new this.inner.MessageEvent("message", { data }));
      else this.waiting.push(data);
    }

    terminate() {
      this.inner?.frameElement.remove();
    }
  }

  window.Worker = new Proxy(Native, {
    construct: (target, [url, options]) =>
      /^(blob|data):/.test(String(url)) ? new target(url, options) : new FrameWorker(new URL(url, document.baseURI).href),
  });
}
