import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

// The script as the server writes it for a component whose module tells what is done with it.
const folder = mkdtempSync(join(tmpdir(), "entry-"));
writeFileSync(join(folder, "package.json"), '{"type": "module"}');
writeFileSync(
  join(folder, "noting.js"),
  "export default ({ data, notes }) => { notes.push(data); return () => notes.push('end of ' + data); };",
);
const source = readFileSync(new URL("../../../lossviz/ui/js/entry.js", import.meta.url), "utf-8");
const written = source.split("\n\n").slice(1).join("\n\n"); // without its comment
const script = written.replace("BASE/", "./").replaceAll("VERSION", ".").replace("MODULES", '["noting"]');
writeFileSync(join(folder, "entry.js"), script);
globalThis.document = { baseURI: pathToFileURL(`${folder}/`).href };
const { default: mount } = await import(pathToFileURL(join(folder, "entry.js")).href);

function component() {
  const notes = [];
  const parentElement = { dataset: {} };
  return { notes, update: (data) => mount({ data, notes, parentElement, setStateValue: () => {} }) };
}

test("data that come while the modules load are the ones that count", async () => {
  const { notes, update } = component();
  const [first, second] = await Promise.all([update("old"), update("new")]);
  await first?.(); // Streamlit cleans up after the call that was overtaken
  assert.deepEqual(notes, ["new"]);
  await second();
  assert.deepEqual(notes, ["new", "end of new"]);
});

test("what an earlier call leaves to be cleaned up is not taken from a later one", async () => {
  const { notes, update } = component();
  const first = await update("one");
  const second = await update("two");
  await first();
  assert.deepEqual(notes, ["one", "two"]);
  await second();
  assert.deepEqual(notes, ["one", "two", "end of two"]);
});

test("a component without data waits for them", async () => {
  const { notes, update } = component();
  assert.equal(await update(null), undefined);
  await update("now");
  assert.deepEqual(notes, ["now"]);
});
