// With this policy and the page's `require-trusted-types-for`, the browser itself refuses to turn any text into markup.
// The one exception parses XML into a document of its own, which is never shown.

globalThis.trustedTypes?.createPolicy("default", {
  createHTML: (text, _type, sink) => (sink === "DOMParser parseFromString" ? text : null),
});
