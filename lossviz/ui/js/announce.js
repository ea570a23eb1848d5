// What a picture says to a screen reader: the sentence that its figure gives, and when it is said.

const SETTLED = 700; // ms without a new sentence after which the last one is said
const LONGEST = 5000; // ms after which one is said also while they follow each other, as in a training

const plain = (text) =>
  String(text ?? "")
    .replace(/<br>|&nbsp;/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/(\d)\u2009(?=\d)/g, "$1") // a thin space would part a number in two
    .replace(/(\d)×/g, "$1 times")
    .replace(/\s+/g, " ")
    .trim();

// The sentence of a figure at a frame, {data, layout}. In `meta.spoken`, {3} is the text of annotation 3, and {of 5} the
// text of the first point of trace 5. Empty if the figure has none.
export function sentence({ data, layout }) {
  const { meta, annotations = [] } = layout;
  const template = meta?.spoken ?? "";
  const filled = template.replace(/\{(of )?(\d+)\}/g, (_, of, index) =>
    plain(of ? data[index]?.text?.[0] : annotations[index]?.text),
  );
  return filled
    .replace(/([.:;,])[.:;,]+/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

// Says sentences in a live region: not the first one, which is no result of a move, and not every one.
export class Announcer {
  constructor(element) {
    this.element = element;
    this.said = null;
    this.since = 0;
  }

  picture(words) {
    if (this.said === null) {
      this.element.textContent = words;
      this.element.setAttribute("role", "status");
      this.said = words;
      return;
    }
    if (words === this.next) return;
    this.next = words;
    const now = performance.now();
    if (!this.timer) this.since = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(), Math.min(SETTLED, Math.max(0, this.since + LONGEST - now)));
  }

  say() {
    this.timer = 0;
    if (this.next !== this.said) this.element.textContent = this.next;
    this.said = this.next;
  }

  stop() {
    clearTimeout(this.timer);
  }
}
