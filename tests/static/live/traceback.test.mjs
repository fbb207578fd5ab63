import assert from "node:assert/strict";
import { test } from "node:test";
import { linesIn } from "../../../static/live/traceback.js";

test("only frames of the file count, and none while no file is known", () => {
  assert.deepEqual(
    linesIn('  File "/app/a.py", line 3, in f\n  File "/app/a.pyc", line 4\n    File "/app/a.py", line 5', "/app/a.py"),
    [3],
  );
  assert.deepEqual(linesIn('  File "", line 3', ""), []);
});
