import assert from "node:assert/strict";
import { test } from "node:test";
import { joinWindows } from "../../../../static/portal/core/operator.js";
import { otherTabs } from "../../../../static/portal/core/other_tabs.js";
import { withGlobals } from "../../../support/fakes.mjs";
import { FakeBroadcastChannel, RefusedBroadcastChannel } from "../../../support/storage_fakes.mjs";

test("tabs hear each other", (t) => {
  t.after(() => FakeBroadcastChannel.reset());
  withGlobals(t, { BroadcastChannel: FakeBroadcastChannel });
  const [one, other] = [otherTabs("calls"), otherTabs("calls")];
  /** @type {unknown[]} */
  const heard = [];
  other.onmessage = ({ data }) => heard.push(data);
  one.postMessage("rings");
  assert.deepEqual([heard, one.alone], [["rings"], false]);
});

test("where the browser refuses a channel the tab is alone, and its operator's calls go on", (t) => {
  withGlobals(t, { BroadcastChannel: RefusedBroadcastChannel });
  assert.equal(otherTabs("calls").alone, true);
  const telephony = () => assert.fail("nobody is there to be heard");
  joinWindows({ user: "1", telephony, hearsMs: () => 0 })(/** @type {any} */ ({ what: "take away" }));
});
