// As much of the browser's XMLHttpRequest as Strophe.js uses. Connections are kept open, as a browser keeps them.

import http from "node:http";
import https from "node:https";

const WAYS = {
  "http:": { request: http.request, agent: new http.Agent({ keepAlive: true }) },
  "https:": { request: https.request, agent: new https.Agent({ keepAlive: true }) },
};

export class XMLHttpRequest {
  readyState = 0;
  status = 0;
  responseText = "";
  responseXML = null;
  onreadystatechange = () => {};
  #request = null;

  open(method, url) {
    const { request, agent } = WAYS[new URL(url).protocol];
    this.#request = request(url, { method, agent });
    this.#request.on("response", (response) => this.#read(response));
    this.#request.on("error", () => this.#end(0, ""));
    this.readyState = 1;
  }

  setRequestHeader(name, value) {
    this.#request.setHeader(name, value);
  }

  getAllResponseHeaders() {
    return "";
  }

  send(body) {
    this.#request.end(body);
  }

  abort() {
    this.onreadystatechange = () => {};
    this.#request?.destroy();
  }

  async #read(response) {
    try {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      this.#end(response.statusCode, Buffer.concat(chunks).toString("utf8"));
    } catch {
      this.#end(0, "");
    }
  }

  #end(status, text) {
    if (this.readyState === 4) return;
    this.readyState = 4;
    this.status = status;
    this.responseText = text;
    if (text) this.responseXML = new DOMParser().parseFromString(text, "text/xml");
    this.onreadystatechange();
  }
}
