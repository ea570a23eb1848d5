import assert from "node:assert/strict";
import { test } from "node:test";

import { keepOneEntryPerPage, leaveBy } from "../../../lossviz/ui/js/history.js";

const HOME = "https://lossviz.example";

// The entries of a history, as a browser would have them, and where it is now.
function browser(start) {
  const entries = [HOME + start];
  const history = {
    pushState: (_state, _title, url) => entries.push(new URL(url, entries.at(-1)).href),
    replaceState: (_state, _title, url) => entries.splice(-1, 1, new URL(url, entries.at(-1)).href),
  };
  keepOneEntryPerPage(history, () => entries.at(-1));
  const go = (url) => history.pushState({}, "", url);
  return { entries, go, paths: () => entries.map((entry) => entry.slice(HOME.length)) };
}

test("a change of the address within a page adds no entry", () => {
  const { go, paths } = browser("/one");
  go("/one?x=1");
  go("/one?x=2");
  assert.deepEqual(paths(), ["/one?x=2"]);
});

test("a page that a link leaves keeps the address that it had at the click", () => {
  const { entries, go, paths } = browser("/one?x=1");
  leaveBy(entries.at(-1), "/two");
  go("/one"); // as Streamlit does before it goes to the other page
  go("/two");
  assert.deepEqual(paths(), ["/one?x=1", "/two"]);
});

test("what was left once is not restored later", () => {
  const { entries, go, paths } = browser("/one?x=1");
  leaveBy(entries.at(-1), "/two");
  go("/three");
  go("/three?y=1");
  go("/two");
  assert.deepEqual(paths(), ["/one?x=1", "/three?y=1", "/two"]);
});
