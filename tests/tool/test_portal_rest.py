"""The simulated portal's REST: what it answers, and how it refuses."""

from typing import Any

import pytest

from worker_py_tool.php_query import parse
from worker_py_tool.portal_rest import PortalRest, parameters


class Page:
    """A portal page with its own session."""

    def __init__(self, rest: PortalRest) -> None:
        self.rest = rest
        self.tokens: dict[str, Any] = rest.handle("simulation.session", {})[1]["result"]

    def __call__(self, method: str, /, **params: object) -> tuple[int, dict[str, Any]]:
        status, answer = self.rest.handle(method, {"auth": self.tokens["AUTH_ID"], **params})
        answer.pop("time", None)
        return status, answer

    def result(self, method: str, /, **params: object) -> Any:
        status, answer = self(method, **params)
        assert status == 200, answer
        return answer["result"]


@pytest.fixture
def rest() -> PortalRest:
    return PortalRest()


@pytest.fixture
def page(rest: PortalRest) -> Page:
    return Page(rest)


def test_contact_is_found_by_id_as_number_or_string(page: Page) -> None:
    assert page.result("crm.contact.get", id=7)["NAME"] == "Mara"
    assert page.result("crm.contact.get.json", ID="7")["NAME"] == "Mara"


def test_missing_contact_is_refused_with_an_empty_code_as_the_portal_does(page: Page) -> None:
    assert page("crm.contact.get", id=6) == (400, {"error": "", "error_description": "Not found"})


def test_list_comes_in_pages_of_fifty(page: Page) -> None:
    sizes: list[int] = []
    start: int | None = 0
    while start is not None:
        _, answer = page("crm.contact.list", start=start)
        assert answer["total"] == 125
        sizes.append(len(answer["result"]))
        start = answer.get("next")
    assert sizes == [50, 50, 25]


def test_list_is_filtered_and_its_fields_selected(page: Page) -> None:
    wanted = {"PHONE": "+1 (202) 555-0143"}
    assert page.result("crm.contact.list", filter=wanted, select=["NAME"]) == [{"ID": "7", "NAME": "Mara"}]
    large = page.result("crm.deal.list", filter={"CONTACT_ID": 7, ">OPPORTUNITY": 3000})
    assert [deal["ID"] for deal in large] == ["31"]
    assert page.result("crm.deal.list", filter={"!CONTACT_ID": 7, "%TITLE": "TOOL"})[0]["ID"] == "33"


def test_pages_of_one_server_do_not_see_each_others_changes(rest: PortalRest) -> None:
    first, second = Page(rest), Page(rest)
    assert first.result("crm.deal.update", id=32, fields={"OPPORTUNITY": 10}) is True
    assert first.result("crm.deal.get", id=32)["OPPORTUNITY"] == "10"
    assert second.result("crm.deal.get", id=32)["OPPORTUNITY"] == "2300.00"


def test_batch_takes_methods_with_queries_and_keeps_results_apart_from_errors(page: Page) -> None:
    result = page.result(
        "batch", cmd={"who": "crm.contact.get?id=7", "bad": "no.such", "all": "crm.contact.list?filter[NAME]=Ada"}
    )
    assert result["result"]["who"]["NAME"] == "Mara"
    assert result["result_error"]["bad"]["error"] == "ERROR_METHOD_NOT_FOUND"
    assert result["result_total"] == {"all": 11}
    assert result["result_next"] == [], "PHP writes an empty array as a list"


def test_batch_stops_at_the_first_error_when_told_to(page: Page) -> None:
    result = page.result("batch", halt=1, cmd=["no.such", "profile"])
    assert result["result"] == []
    assert len(result["result_error"]) == 1


def test_expired_token_is_refused_until_refreshed(page: Page) -> None:
    page.result("simulation.configure", expire=True)
    assert page("profile") == (
        401,
        {"error": "expired_token", "error_description": "The access token provided has expired."},
    )
    _, answer = page.rest.handle("simulation.refresh", {"refresh_token": page.tokens["REFRESH_ID"]})
    former, page.tokens = page.tokens, answer["result"]
    assert page.result("profile")["NAME"] == "Alex"
    assert page("profile", auth=former["AUTH_ID"])[1]["error"] == "expired_token"


@pytest.mark.parametrize(("token", "error"), [("", "NO_AUTH_FOUND"), ("made-up", "invalid_token")])
def test_call_without_a_token_of_ours_is_refused(page: Page, token: str, error: str) -> None:
    status, answer = page("profile", auth=token)
    assert (status, answer["error"]) == (401, error)


def test_rate_limit_concerns_so_many_calls(page: Page) -> None:
    page.result("simulation.configure", limit=2)
    assert [page("profile")[0] for _ in range(3)] == [503, 503, 200]


def test_denied_and_broken_methods_fail_until_faults_are_reset(page: Page) -> None:
    page.result("simulation.configure", deny=["profile"])
    assert page("profile")[1]["error"] == "ACCESS_DENIED"
    page.result("simulation.configure", down=True)
    assert page("user.get")[0] == 500
    page.result("simulation.configure", reset=True)
    assert page("profile")[0] == 200


def test_unknown_fault_and_parameters_of_the_wrong_kind_are_refused(page: Page) -> None:
    assert page("simulation.configure", lmit=1)[1]["error_description"] == "simulation.configure knows no 'lmit'"
    assert page("crm.contact.list", start="soon")[1]["error"] == "ERROR_ARGUMENT"


@pytest.mark.parametrize(
    "fault",
    [
        {"delay_ms": {"profile": 1e9}},
        {"delay_ms": {"profile": float("nan")}},
        {"delay_ms": {"profile": -1}},
        {"delay_ms": {"profile": "soon"}},
        {"delay_ms": 1e9},
        {"lifetime_s": float("inf")},
        {"lifetime_s": "long"},
        {"limit": 10**9},
        {"limit": None},
        {"deny": "profile"},
        {"missing_scopes": [1]},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_and_changes_nothing(page: Page, fault: dict[str, Any]) -> None:
    status, answer = page("simulation.configure", **fault)
    assert (status, answer["error"]) == (400, "ERROR_ARGUMENT")
    assert page("profile")[0] == 200


def test_registered_call_is_shown_once_and_can_be_finished(page: Page) -> None:
    call = {"USER_ID": 1, "PHONE_NUMBER": "+12025550178", "TYPE": 2}
    registered = page.result("telephony.externalCall.register", **call)
    assert (registered["CRM_ENTITY_TYPE"], registered["CRM_ENTITY_ID"]) == ("CONTACT", 12)
    again = page.result("telephony.externalCall.register", **call)
    assert again["CALL_ID"] == registered["CALL_ID"]
    other = page.result("telephony.externalCall.register", **call, EXTERNAL_CALL_ID="x", SHOW=0)
    assert other["CALL_ID"] != registered["CALL_ID"]
    page.result("telephony.externalCall.hide", CALL_ID=registered["CALL_ID"])
    notices = page.result("simulation.notices")
    assert [(one["what"], one["CALL_ID"]) for one in notices] == [
        ("show", registered["CALL_ID"]),
        ("hide", registered["CALL_ID"]),
    ]
    assert page.result("simulation.notices") == []
    finished = page.result("telephony.externalCall.finish", CALL_ID=registered["CALL_ID"], USER_ID=1, DURATION=12)
    assert finished["CALL_DURATION"] == 12
    assert page("telephony.externalCall.finish", CALL_ID="none")[1]["error"] == "ERROR_NOT_FOUND"


def test_comment_is_kept_in_the_timeline(page: Page) -> None:
    fields = {"ENTITY_ID": 7, "ENTITY_TYPE": "contact", "COMMENT": "Blue frames"}
    assert page.result("crm.timeline.comment.add", fields=fields) == 5001
    assert page.result("crm.timeline.comment.list", filter={"ENTITY_ID": 7})[0]["COMMENT"] == "Blue frames"
    assert page("crm.timeline.comment.add", fields={})[0] == 400


def test_body_is_json_or_a_form_nested_as_php_does() -> None:
    assert parameters("application/json", b'{"a": [1]}') == {"a": [1]}
    assert parameters("application/json", b"[1") == {}
    form = parameters("application/x-www-form-urlencoded", b"filter%5BID%5D=7&select[]=A&select[]=B&x=")
    assert form == {"filter": {"ID": "7"}, "select": ["A", "B"], "x": ""}
    assert parse("a=1&a[b]=2&[c]=3&" + "d" + "[x]" * 99 + "=4")["a"] == "1"


HANDLER = {
    "PLACEMENT": "PAGE_BACKGROUND_WORKER",
    "HANDLER": "http://app.localhost:8000/",
    "OPTIONS": {"errorHandlerUrl": "http://app.localhost:8000/placement-error"},
}


def test_a_placement_is_bound_for_users_first_and_then_for_all(page: Page) -> None:
    assert page.result("placement.bind", **HANDLER, USER_ID="5") is True
    assert page.result("placement.bind", **HANDLER) is True
    for again in ({}, {"USER_ID": 0}, {"USER_ID": 5}, {"USER_ID": 7}):
        assert page("placement.bind", **HANDLER, **again)[1]["error"] == "ERROR_PLACEMENT_MAX_COUNT"
    bound = page.result("placement.get")
    assert [(one["placement"], one["userId"]) for one in bound] == [
        (HANDLER["PLACEMENT"], 5),
        (HANDLER["PLACEMENT"], 0),
    ]
    assert bound[0]["options"] == HANDLER["OPTIONS"]


def test_unbinding_ends_one_users_registration_or_all_of_the_placement(page: Page) -> None:
    for user in (5, 6, 0):
        page.result("placement.bind", **HANDLER, USER_ID=user)
    assert page.result("placement.unbind", PLACEMENT=HANDLER["PLACEMENT"], USER_ID=5) == {"count": 1}
    assert page.result("placement.unbind", PLACEMENT=HANDLER["PLACEMENT"], HANDLER="http://other/") == {"count": 0}
    assert page.result("placement.unbind", PLACEMENT=HANDLER["PLACEMENT"]) == {"count": 2}
    assert page.result("placement.get") == []


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"OPTIONS": {}}, "EMPTY_ERROR_HANDLER_URL"),
        ({"OPTIONS": None}, "EMPTY_ERROR_HANDLER_URL"),
        ({"PLACEMENT": "NO_SUCH"}, "ERROR_PLACEMENT_NOT_FOUND"),
        ({"HANDLER": "ftp://app.example/"}, "ERROR_UNSUPPORTED_PROTOCOL"),
    ],
)
def test_a_bind_that_makes_no_sense_is_refused(page: Page, params: dict[str, object], error: str) -> None:
    status, answer = page("placement.bind", **{**HANDLER, **params})
    assert (status, answer["error"]) == (400, error)


@pytest.mark.parametrize("missing", ["PLACEMENT", "HANDLER"])
def test_a_missing_field_is_named(page: Page, missing: str) -> None:
    status, answer = page("placement.bind", **{**HANDLER, missing: ""})
    assert (status, answer["error"], answer["argument"]) == (400, "ERROR_ARGUMENT", missing)


@pytest.mark.parametrize(
    "url", ["http://localhost/", "http://app.localhost:1/", "https://192.0.2.7/", "https://intranet/"]
)
def test_local_handlers_are_refused_when_the_portal_is_to_be_strict(page: Page, url: str) -> None:
    page.result("simulation.configure", public_handlers=True)
    assert page("placement.bind", **{**HANDLER, "HANDLER": url})[1]["error"] == "ERROR_WRONG_HANDLER_URL"
    assert page.result("placement.bind", **{**HANDLER, "HANDLER": "https://app.example/"}) is True


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"webhook": True}, "WRONG_AUTH_TYPE"),
        ({"not_admin": True}, "ACCESS_DENIED"),
        ({"missing_scopes": ["placement"]}, "insufficient_scope"),
    ],
)
@pytest.mark.parametrize("method", ["placement.bind", "placement.get", "placement.unbind"])
def test_placements_are_for_the_app_an_administrator_and_the_scope(
    page: Page, method: str, fault: dict[str, object], error: str
) -> None:
    page.result("simulation.configure", **fault)
    status, answer = page(method, **HANDLER)
    assert (status, answer["error"]) == (403, error)


def test_what_the_app_may_use_is_told_and_held_to(page: Page) -> None:
    assert page.result("scope") == ["crm", "placement", "telephony", "user"]
    page.result("simulation.configure", missing_scopes=["user", "crm"])
    assert page.result("scope") == ["placement", "telephony"]
    assert page("user.get")[1]["error"] == page("crm.deal.list")[1]["error"] == "insufficient_scope"
    assert page.result("user.admin") is True  # needs none
    assert "PAGE_BACKGROUND_WORKER" in page.result("placement.list")


def test_the_app_is_installed_once_it_has_said_so(page: Page) -> None:
    assert page.result("app.info")["INSTALLED"] is False
    page.result("simulation.installed")
    assert page.result("app.info")["INSTALLED"] is True


def test_the_portals_own_questions_meet_none_of_the_apps_limits(page: Page) -> None:
    page.result("simulation.configure", limit=1, deny=["crm.contact.get"], expire=True)
    answer = page.result("simulation.ask", method="crm.contact.get", params={"id": 7})
    assert answer["result"]["NAME"] == "Mara"
    listed = page.result("simulation.ask", method="crm.deal.list", params={"filter": {"CONTACT_ID": "7"}})
    assert listed["total"] == 2
    page.result("simulation.configure", expire=False)
    assert page("user.get")[1]["error"] == "QUERY_LIMIT_EXCEEDED"  # the limit is left for the app


def test_the_portals_own_questions_are_told_errors_instead_of_meeting_them(page: Page) -> None:
    asked = page.result("simulation.ask", method="crm.contact.get", params={"id": 999})
    assert asked["error_description"] == "Not found"
    assert page.result("simulation.ask", method="no.such")["error"] == "ERROR_METHOD_NOT_FOUND"
    page.result("simulation.configure", down=True)
    assert page.result("simulation.ask", method="user.current")["error"] == "INTERNAL_SERVER_ERROR"
