// One page that is visited is one entry of the browser's history, with the address that the page had when it was left.
//
// Streamlit adds an entry whenever the server writes into the address, and when a page is left it first adds one with
// the address of that page without its controls. So a change of the address within a page replaces its entry, and a
// page that is left by a link gets back the address that it had at the click.

let left = null; // {from, to}: the page that a link leaves, as an address, and the path that it leads to

// The link that a click follows in this tab to another page of the app, or null.
function followed(event) {
  const link = event.target.closest?.("a[href]");
  const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || elsewhere || link.target === "_blank" || link.origin !== window.location.origin) return null;
  return link.pathname === window.location.pathname ? null : link;
}

// Wraps a History so that it keeps to this; `address` tells where it is now.
export function keepOneEntryPerPage(history, address) {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  history.pushState = (state, title, url) => {
    const [now, next] = [new URL(address()), new URL(url ?? "", address())];
    if (next.pathname === now.pathname) {
      replace(state, title, url);
      return;
    }
    if (left?.to === next.pathname && new URL(left.from).pathname === now.pathname)
      replace(state, title, left.from);
    left = null;
    push(state, title, url);
  };
}

export function onLinkClick(event) {
  const link = followed(event);
  if (link) left = { from: window.location.href, to: link.pathname };
}

if (typeof window !== "undefined") {
  keepOneEntryPerPage(window.history, () => window.location.href);
  document.addEventListener("click", onLinkClick, true);
}
