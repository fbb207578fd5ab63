import assert from "node:assert/strict";
import { test } from "node:test";
import { whatIsWrong, whatRuns } from "../../../../static/portal/live/saved.js";

const SAVED = { name: "app.py", number: 3, saved: 0, reload: null, problem: null };

test("the page says which version runs, and when it was saved", () => {
  assert.match(whatRuns(SAVED), /^app\.py runs as it was saved at \d\d:\d\d:\d\d \(version 3\)\.$/);
});

test("a page that has to be loaded anew says why", () => {
  const reload = "page scripts changed";
  assert.equal(
    whatRuns({ ...SAVED, reload }),
    "app.py, version 3: this page is loaded anew, because page scripts changed.",
  );
});

test("what does not run is told with its line", () => {
  const problem = { text: "SyntaxError: invalid syntax", file: "app.py", line: 7 };
  assert.equal(whatIsWrong({ ...SAVED, problem }), "Not applied: app.py, line 7: SyntaxError: invalid syntax");
  const gone = { text: "there is no app.py", file: null, line: null };
  assert.equal(whatIsWrong({ ...SAVED, problem: gone }), "Not applied: there is no app.py");
  assert.equal(whatIsWrong(SAVED), "");
});
