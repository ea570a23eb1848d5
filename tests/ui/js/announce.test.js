import assert from "node:assert/strict";
import test from "node:test";

import { Announcer, sentence } from "../../../lossviz/ui/js/announce.js";

const LAYOUT = {
  meta: { spoken: "{0} {1}: {2}, {of 0}." },
  annotations: [
    { text: "<b>28.3×</b>" },
    { text: "steeper under<br>cross-entropy" },
    { text: "z = 1\u2009000 &lt; 2" },
  ],
};

test("a sentence is filled with the texts of the picture, without their tags", () => {
  const said = sentence({ data: [{ text: ["<b>0.93</b>"] }], layout: LAYOUT });
  assert.equal(said, "28.3 times steeper under cross-entropy: z = 1000 < 2, 0.93.");
  assert.equal(sentence({ data: [], layout: {} }), "");
});

test("the first picture is there to be read, what follows is said once it settles, the same only once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const element = { roles: [], setAttribute: (_, value) => element.roles.push(value) };
  const announcer = new Announcer(element);
  const later = (ms, words) => {
    now += ms;
    t.mock.timers.tick(ms);
    if (words) announcer.picture(words);
    return element.textContent;
  };
  assert.equal(later(0, "first"), "first");
  assert.deepEqual(element.roles, ["status"], "it becomes a live region when its first text is there");
  assert.equal(later(100, "second"), "first");
  assert.equal(later(300, "third"), "first");
  assert.equal(later(699), "first");
  assert.equal(later(2), "third");
  const heard = new Set();
  for (let i = 0; i < 60; i++) heard.add(later(200, `training ${i}`)); // 12 s without a pause
  assert.ok(heard.size >= 3 && heard.size <= 4, [...heard].join());
  assert.equal(later(800), "training 59");
});
