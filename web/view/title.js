// The document's title: how many messages are unread, with whom one talks, on which site.

let unread = 0;
let parts = ["Castling"];

/** How many messages nobody has looked at. */
export function showUnread(count) {
  unread = count;
  show();
}

/** What the page shows now, most particular first. */
export function showPlace(...names) {
  parts = names.filter(Boolean);
  show();
}

function show() {
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${parts.join(" · ")}`;
}
