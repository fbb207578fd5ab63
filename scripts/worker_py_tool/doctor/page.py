"""The doctor's look at the page: how it answers GET and POST, how fast, and with which headers."""

import re
import secrets
import statistics
from collections.abc import Sequence
from urllib.parse import urlencode, urljoin, urlsplit

from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.http import Answer, Host
from worker_py_tool.doctor.policy import Policy, flaws, framing_flaw, parse

SLOW_S = 1.0
TOO_SLOW_S = 5.0
"""Beyond it the portal counts the load as failed; after more than ten a day it deletes the registration."""
POST_REMEDY = "Make the host answer POST of this address as it does GET; see docs/deployment.md."


class Visit:
    """One load by a portal: a form of real size, with tokens that must not come back.

    Attributes:
        url: the address with the portal's query.
        fields: what the form holds.
        form: the same as a body.
    """

    def __init__(self, url: str) -> None:
        secret = [secrets.token_hex(35) for _ in range(4)]
        sid = secrets.token_hex(16)
        query = {"DOMAIN": "doctor.invalid", "PROTOCOL": "1", "LANG": "en", "APP_SID": sid}
        self.fields = {
            "AUTH_ID": secret[0],
            "AUTH_EXPIRES": "3600",
            "REFRESH_ID": secret[1],
            "SERVER_ENDPOINT": "https://oauth.bitrix.info/rest/",
            "APPLICATION_TOKEN": secret[2],
            "APPLICATION_SCOPE": "crm,placement,telephony,user",
            "member_id": secret[3][:32],
            "status": "L",
            "PLACEMENT": "PAGE_BACKGROUND_WORKER",
            "PLACEMENT_OPTIONS": '{"URI":"/crm/deal/details/3/"}',
        }
        self.url = f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
        self.form = urlencode(self.fields).encode()
        self._secrets = (*secret[:3], self.fields["member_id"], sid)

    def echoed(self, answer: Answer) -> str:
        """Where a token came back: ``content``, a header's name, or nowhere."""
        if any(one.encode() in answer.content for one in self._secrets):
            return "content"
        for name, values in answer.headers.items():
            if any(one in value for one in self._secrets for value in values):
                return f"header {name}"
        return ""


def embedded_json(page: bytes, name: str) -> bytes | None:
    """What a page tells its scripts in an element of this id, as JSON; None where it has none."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>'.encode(), page, re.DOTALL)
    return None if found is None else found[1]


def examine_page(host: Host, seen: Examination, requests: int) -> Answer | None:
    """Get the page and post it; the page, or None when there is none.

    Raises:
        ToolError: nothing answers.
    """
    page = host.ask("GET", seen.url)
    _judge_status(seen, "get", page)
    visits = [Visit(seen.url) for _ in range(max(1, requests))]
    answers = [host.ask("POST", visit.url, form=visit.form) for visit in visits]
    _judge_status(seen, "post", next((one for one in answers if one.status != 200), answers[0]))
    echoes = {visit.echoed(answer) for visit, answer in zip(visits, answers, strict=True)} - {""}
    if echoes:
        remedy = "The form and the query hold live tokens: nothing of them may be rendered, redirected or stored."
        seen.fail("tokens", f"what was posted comes back: {', '.join(sorted(echoes))}", remedy)
    else:
        seen.ok("tokens", "nothing of the form or the query comes back")
    if page.status != 200 or any(answer.status != 200 for answer in answers):
        return page if page.status == 200 else None
    if all(answer.content == page.content for answer in answers):
        seen.ok("same-page", f"POST gives exactly the {len(page.content)} bytes that GET gives")
    else:
        seen.fail("same-page", "POST gives another page than GET", "Serve the bundle's index.html for both, unchanged.")
    judge_times(seen, [answer.seconds for answer in answers])
    return page


def _judge_status(seen: Examination, check: str, answer: Answer) -> None:
    method = check.upper()
    if answer.broken:
        seen.fail(check, f"{method}: the answer cannot be read: {answer.broken}", "See the host's error log.")
    elif answer.status == 200:
        seen.ok(check, f"{method} is answered with 200")
    elif answer.status in (301, 302, 303, 307, 308):
        target = urljoin(answer.url, answer.header("location"))
        seen.fail(check, f"{method} is redirected ({answer.status}): {redirect_kind(answer.url, target)}", REDIRECTED)
    elif check == "post":
        seen.fail(check, f"POST is answered with {answer.status}: the portal loads the page by POST", POST_REMEDY)
    else:
        seen.fail(check, f"GET is answered with {answer.status}", "Is this the address of the bundle's index.html?")


TYPE_REMEDY = "Send Content-Type: text/html; charset=utf-8."
REDIRECTED = "A redirected POST loses its form or its query: register the final address, or serve the page here."


def redirect_kind(url: str, target: str) -> str:
    """What a redirect changes, without its query."""
    here, there = urlsplit(url), urlsplit(target)
    if (here.hostname, here.path) == (there.hostname, there.path) and here.scheme != there.scheme:
        return f"from {here.scheme} to {there.scheme}"
    if here.netloc == there.netloc and here.path.rstrip("/") == there.path.rstrip("/"):
        return f"from {here.path or '/'} to {there.path or '/'}, a slash at the end"
    return f"to {there.scheme}://{there.netloc}{there.path}"


def judge_times(seen: Examination, seconds: Sequence[float]) -> None:
    """Judge how fast the page came."""
    seen.times_ms = [one * 1000 for one in seconds]
    median, worst = statistics.median(seconds), max(seconds)
    text = f"{len(seconds)} posts: median {median * 1000:.0f} ms, slowest {worst * 1000:.0f} ms"
    if worst > TOO_SLOW_S:
        remedy = "More than ten loads a day beyond 5 s delete the registration: serve the page from memory or a CDN."
        seen.fail("time", text, remedy)
    elif worst > SLOW_S:
        seen.warn("time", text, "The portal counts loads beyond 5 s: find out what takes so long.")
    else:
        seen.ok("time", text)


def examine_headers(page: Answer, seen: Examination) -> None:
    """Judge the page's headers, its policy left out."""
    media_type, _, parameters = page.header("content-type").partition(";")
    if media_type.strip().lower() != "text/html":
        seen.fail("content-type", f"the page is {media_type or 'untyped'}", TYPE_REMEDY)
    elif "utf-8" not in parameters.lower():
        seen.warn("content-type", "the page does not tell its charset", TYPE_REMEDY)
    else:
        seen.ok("content-type", page.header("content-type"))
    caching = page.header("cache-control").lower()
    if "no-store" in caching:
        seen.ok("page-caching", caching)
    else:
        shown = caching or "there is no Cache-Control"
        remedy = "Send Cache-Control: no-store with the page, or users keep an old build."
        (seen.fail if "max-age" in caching or "immutable" in caching else seen.warn)("page-caching", shown, remedy)
    if page.header("x-content-type-options").lower() == "nosniff":
        seen.ok("page-nosniff", "the browser takes the page's type as it is told")
    else:
        seen.warn("page-nosniff", "X-Content-Type-Options is missing", "Send X-Content-Type-Options: nosniff.")
    _judge_framing_headers(page, seen)


def _judge_framing_headers(page: Answer, seen: Examination) -> None:
    check = "framing-headers"
    if page.header("x-frame-options"):
        text = f"X-Frame-Options: {page.header('x-frame-options')} keeps the page out of the portal"
        seen.fail(check, text, "Leave it away: frame-ancestors of the policy does its work.")
    embedder = page.header("cross-origin-embedder-policy").lower()
    if embedder.startswith("require-corp"):
        text = "Cross-Origin-Embedder-Policy: require-corp keeps the portal's client script out"
        seen.fail(check, text, "Leave it away: a frame of another site gains nothing from it.")
    seen.ok_unless_noted(check, "no other header keeps the page out of a frame")


def examine_policy(
    page: Answer, seen: Examination, portals: Sequence[str], expected: str | None, client_origin: str | None
) -> None:
    """Judge the page's Content-Security-Policy.

    Args:
        page: the page.
        seen: where to note it.
        portals: who has to be able to frame the page, and be asked.
        expected: the policy of the bundle's manifest, when that is known.
        client_origin: where the page loads the portal's client from, when that is another origin.
    """
    policies = parse(page.headers.get("content-security-policy", ()))
    remedy = "Send the policy of the bundle's manifest.json (csp) with the page."
    if not policies:
        seen.fail("page-policy", "the page has no Content-Security-Policy", remedy)
        seen.fail("frame-ancestors", "anybody may frame the page", remedy)
        return
    judge_policies(seen, "page-policy", policies, portals, [client_origin] if client_origin else [])
    if expected and parse([expected]) != policies:
        seen.warn("page-policy", "it is not the policy of the bundle's manifest", remedy)
    seen.ok_unless_noted("page-policy", "strict, and everything that the page needs is allowed")
    flaw = framing_flaw(policies, portals)
    if flaw:
        seen.fail("frame-ancestors", flaw, "Build with --portal for each portal, and send the policy of that build.")
    else:
        allowed = next(" ".join(one["frame-ancestors"]) for one in policies if "frame-ancestors" in one)
        seen.ok("frame-ancestors", allowed)


def judge_policies(
    seen: Examination,
    check: str,
    policies: Sequence[Policy],
    portals: Sequence[str],
    scripts: Sequence[str],
) -> None:
    """Note the flaws of policies under a check's name."""
    for flaw in (one for policy in policies for one in flaws(policy, portals=portals, scripts=scripts)):
        note = seen.fail if flaw.fatal else seen.warn
        note(check, flaw.text, "Send the policy of the bundle's manifest.json (csp).")
