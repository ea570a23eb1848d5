// One page that is visited is one entry of the browser's history, with the address that the page had when it was left.
//
// Streamlit adds an entry whenever the server writes into the address, and when a page is left it first adds one with
// the address of that page without its controls. So a change of the address within a page replaces its entry, and a
// page that is left by a link gets back the address that it had at the click.

let left = null; // {from, to}: the address that a link leaves, and the path that it leads to

export function leaveBy(from, to) {
  left = { from, to };
}

// Wraps a History so that it keeps to this; `address` tells where it is now.
export function keepOneEntryPerPage(history, address) {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  history.pushState = (state, title, url) => {
    const now = new URL(address());
    const next = new URL(url ?? "", now);
    if (next.pathname === now.pathname) {
      replace(state, title, url);
      return;
    }
    const restored = left?.to === next.pathname && new URL(left.from).pathname === now.pathname;
    if (restored) replace(state, title, left.from);
    left = null;
    push(state, title, url);
  };
}

// The link that a click follows in this tab to another page of the app, or null.
function linkToAnotherPage(event) {
  const link = event.target.closest?.("a[href]");
  const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || elsewhere || link.target === "_blank" || link.origin !== window.location.origin) return null;
  return link.pathname === window.location.pathname ? null : link;
}

if (typeof window !== "undefined") {
  keepOneEntryPerPage(window.history, () => window.location.href);
  const onClick = (event) => {
    const link = linkToAnotherPage(event);
    if (link) leaveBy(window.location.href, link.pathname);
  };
  document.addEventListener("click", onClick, true); // before Streamlit, which handles it
}
