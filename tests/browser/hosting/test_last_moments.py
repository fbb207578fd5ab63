"""A page that asks for a worker in the moment in which that one ends: it gets the next one, and takes none for hung."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from tests.support.complaints import Complaints
from tests.support.hosting import HostingPortal

IN_ITS_LAST_MOMENTS = """if (location.hostname === "app.localhost") {
  // The page's first connection goes to a worker that has been told to end, and has not yet gone.
  const inner = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow").get;
  let ended = false;
  Object.defineProperty(HTMLIFrameElement.prototype, "contentWindow", { get() {
    const view = inner.call(this);
    const Real = view?.SharedWorker;
    if (!Real || ended || !localStorage.getItem("late")) return view;
    return { SharedWorker: function (url, options) {
      ended = true;
      localStorage.removeItem("late");
      new Real(url, options).port.postMessage({ t: "die" });
      const told = performance.now();
      while (performance.now() - told < 12) {}
      return new Real(url, options);
    } };
  } });
}"""


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.campaign)])
@pytest.mark.timeout(180)
def test_a_page_that_loads_while_the_worker_ends_gets_the_next_one_and_no_worker_is_taken_for_hung(
    context: BrowserContext, portal: HostingPortal, complaints: Complaints, times: int
) -> None:
    complaints.expect(r"the worker ended \(vanished")
    context.add_init_script(IN_ITS_LAST_MOMENTS)
    tabs = portal.open_page(), portal.open_page()
    for _ in range(times):
        tabs[1].evaluate("localStorage.setItem('late', 'yes')")
        tabs[1].reload()
        tabs[1].until_evaluates("() => localStorage.getItem('late') === null")  # the worker is told to end
        for tab in tabs:
            tab.until_ready()
        assert tabs[0].interpreter() == tabs[1].interpreter()
        for tab in tabs:
            assert [end for end in tab.worker_ends() if not end.startswith("vanished")] == []
            assert "hung" not in tab.host()["reason"]
