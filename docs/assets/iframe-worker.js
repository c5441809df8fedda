// Lets the search of the site work from disk, where browsers refuse workers: the worker's script runs in a hidden frame.
// The plugin `offline` loads a script of another server, unless `polyfills` in mkdocs.yml names one with "iframe-worker".
"use strict";

/** Has what the site's search uses of a `Worker`: `postMessage`, and the event `message`. */
class FrameWorker extends EventTarget {
  constructor(url) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    this.scope = new Promise((resolve) => {
      frame.onload = () => {
        const scope = frame.contentWindow;
        // In a worker, postMessage sends to the page; in a frame it would send to the frame itself.
        scope.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
        const script = scope.document.createElement("script");
        script.src = new URL(url, document.baseURI).href;
        script.onload = () => resolve(scope);
        scope.document.body.append(script);
      };
    });
    document.body.append(frame);
  }

  async postMessage(data) {
    const scope = await this.scope;
    scope.dispatchEvent(new MessageEvent("message", { data }));
  }
}

if (location.protocol === "file:") {
  window.Worker = FrameWorker;
}
