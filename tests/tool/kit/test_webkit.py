"""The shim's pages, without a browser: what of Playwright's it promises is what the tests lean on."""

from typing import Any, cast

from worker_py_tool.kit.webkit import Driver, WebKitContext


class Windows:
    """A driver that only opens and closes windows."""

    def __init__(self) -> None:
        self.open = ["w1"]
        self._at = "w1"

    def command(self, method: str, path: str, body: Any = None) -> Any:
        """What WebDriver answers."""
        match method, path:
            case "GET", "/window":
                return self.open[0]
            case "POST", "/window/new":
                self.open.append(f"w{int(self.open[-1][1:]) + 1}")
                return {"handle": self.open[-1]}
            case "POST", "/window":
                self._at = body["handle"]
            case "DELETE", "/window":
                self.open.remove(self._at)
        return None


def test_each_page_is_closed_by_who_goes_through_them_and_a_window_stays_for_the_next() -> None:
    windows = Windows()
    context = WebKitContext(cast("Driver", windows))
    first, second, third = context.new_page(), context.new_page(), context.new_page()
    assert (windows.open, context.pages) == (["w1", "w2", "w3"], [first, second, third])

    for page in context.pages:
        page.close()

    assert (windows.open, context.pages) == (["w4"], [])
    assert context.new_page().window == "w4"
