"""Beside the timeline: the trace saved, a call recorded and saved, and a recording opened and played again."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Complaints, OpenPortal
from tests.support.timelines import APP, TimelinePage, recording_of

PHONE = "12025550143"
REMARK = "a secret remark"
CALL = {
    "CALL_ID": "A.1",
    "PHONE_NUMBER": f"+{PHONE}",
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": 7,
    "CALL_DIRECTION": "incoming",
    "CALL_STATE": "idle",
    "CALL_LIST_MODE": False,
}
GREETED = ("CallCardSetCardTitle", {"title": f"Mara calls from +{PHONE}"})


@pytest.fixture
def tab(shared_tab: TimelinePage, complaints: Complaints) -> Iterator[TimelinePage]:
    """The tab, before any call; what was opened or recorded before can be played still."""
    with complaints.watching(shared_tab.playwright_page.context), shared_tab.case():
        yield shared_tab
        if shared_tab.playwright_page.evaluate("portal.card()?.open"):
            shared_tab.close_call()


def commented(tab: TimelinePage, text: str) -> None:
    tab.raised("addCommentButtonClick", text)
    expect(tab.playwright_page.locator("#card-status")).to_have_text(text)


def recorded_call(tab: TimelinePage) -> dict[str, Any]:
    """A call with an answer and a comment, recorded from its beginning and saved."""
    tab.record()
    tab.call()
    tab.raised("answerButtonClick")
    expect(tab.playwright_page.locator("#card-state")).to_have_text("On the call")
    commented(tab, REMARK)
    tab.until_handled("note")
    return tab.save("Stop and save")


def test_the_saved_trace_has_what_happened_and_nothing_personal(tab: TimelinePage) -> None:
    tab.call()
    commented(tab, REMARK)
    tab.until_handled("note")

    trace = tab.save("Save trace")

    assert (trace["kind"], trace["version"]) == ("worker-py trace", 1)
    handlers = {entry["name"]: entry for entry in trace["entries"] if entry["kind"] == "handler"}
    assert {name: entry["outcome"] for name, entry in handlers.items()} == {"greet": "ok", "note": "ok"}
    text = json.dumps(trace)
    assert not [secret for secret in (PHONE, REMARK, "Mara", "auth") if secret in text]


def test_nothing_is_recorded_until_it_is_asked_for_and_then_it_is_seen(tab: TimelinePage) -> None:
    tab.call()
    commented(tab, "before")
    commented(tab, "early")  # by now Python has told its page what it keeps of the card as it was before this
    frame = tab.playwright_frame
    assert frame.evaluate("workerPy.record(false).entries") == []
    mark = tab.panel.get_by_text("● Recording")
    expect(mark).to_be_hidden()

    tab.record()
    expect(mark.locator("..")).to_contain_text("Treat the file as personal data")
    commented(tab, REMARK)
    tab.until_handled("note", 3)
    recording = tab.save("Stop and save")

    expect(mark).to_be_hidden()
    text = json.dumps(recording)
    assert REMARK in text
    assert "before" not in text
    commented(tab, "after")
    tab.until_handled("note", 4)
    tab.record()
    again = tab.save("Stop and save")
    events = [entry for entry in again["entries"] if entry["message"]["t"] == "event"]
    assert events == [], "a second recording begins anew"


def test_a_recorded_call_that_is_saved_opened_and_played_gives_the_same_commands(tab: TimelinePage) -> None:
    recording = recorded_call(tab)
    expect(tab.status).to_contain_text("Treat the file as personal data")
    tab.reload()
    tab.open()
    tab.open_text(json.dumps(recording))
    tab.play("10")

    expect(tab.status).to_contain_text("Same: all 3 commands are those of the recording")
    verdicts = tab.panel.get_by_role("region", name="Result of the replay").get_by_role("rowheader")
    # At ten times the speed handlers overlap that did not when they were recorded.
    expect(verdicts.filter(has_text="same")).to_have_count(3)
    expect(tab.playwright_page.locator("#card-title")).to_have_text(f"Mara calls from +{PHONE}")
    expect(tab.playwright_page.locator("#card-state")).to_have_text("On the call")
    tab.until_handled("note")


@pytest.mark.parametrize("speed", [pytest.param("1", marks=pytest.mark.campaign), "Infinity"])
def test_a_recording_can_be_played_at_once_while_its_call_is_still_open(tab: TimelinePage, speed: str) -> None:
    """At the speed of a person, with `--all`: what a speed is, `replay.test.mjs` holds."""
    recorded_call(tab)
    tab.play(speed)
    expect(tab.status).to_contain_text("Same: all 3 commands are those of the recording")


def test_other_commands_than_the_recorded_are_shown_as_different(tab: TimelinePage) -> None:
    recording = recorded_call(tab)
    changed = copy.deepcopy(recording)
    sent = [entry["message"] for entry in changed["entries"] if entry["message"]["t"] == "command"]
    commands = [message for message in sent if "purpose" not in message]  # the others are not the app's
    commands[0]["params"] = {"title": "Somebody"}
    dropped = commands[1]
    changed["entries"] = [entry for entry in changed["entries"] if entry["message"] is not dropped]
    tab.open_text(json.dumps(changed))

    tab.play("Infinity")

    expect(tab.status).to_contain_text("Different: 2 of 3 commands differ from the recording.")
    result = tab.panel.get_by_role("region", name="Result of the replay")
    expect(result.get_by_role("rowheader")).to_have_text(["≠ different", "+ only now", "= same"])
    expect(result.get_by_role("row").nth(1)).to_contain_text("Somebody")


@pytest.mark.campaign  # in CI: `replay.test.mjs`
@pytest.mark.parametrize(("speed", "expected_ms"), [("0.5", 1200)])
def test_events_are_raised_no_sooner_than_the_speed_chosen_says(
    tab: TimelinePage, speed: str, expected_ms: int
) -> None:
    tab.call()  # Python has started: nothing else delays the events
    recording = recording_of(
        (0, "initialized", CALL),
        (600, "addCommentButtonClick", "later"),
        commands=[GREETED, ("CallCardSetStatusText", {"statusText": "later"})],
    )
    tab.playwright_page.evaluate("portal.clear()")
    tab.open_text(json.dumps(recording))
    tab.play(speed)

    expect(tab.status).to_contain_text("Same: all 2 commands")
    first, second = tab.playwright_page.evaluate(
        "portal.log.filter(({ kind }) => kind === 'event').map(({ at }) => at)"
    )
    assert second - first > 0.9 * expected_ms  # how exactly: tests/static/portal/timeline/replay.test.mjs


def test_a_replay_can_be_stopped(tab: TimelinePage) -> None:
    tab.call()
    recording = recording_of(
        (0, "initialized", CALL), (600_000, "addCommentButtonClick", "in ten minutes"), commands=[GREETED]
    )
    tab.open_text(json.dumps(recording))
    tab.panel.get_by_role("combobox", name="Speed of the replay").select_option("1")
    tab.button("Play").click()
    expect(tab.status).to_have_text("Replaying: 1 of 2 events")
    tab.button("Stop replay").click()
    expect(tab.status).to_contain_text("Stopped. The replay was stopped")
    expect(tab.button("Play")).to_be_visible()


@pytest.mark.parametrize("says", ["says so", "says nothing"])
def test_a_recording_whose_page_goes_away_is_saved_all_the_same(tab: TimelinePage, says: str) -> None:
    tab.record()
    tab.call()
    tab.until_handled("greet")
    if says == "says nothing":  # a browser gives a frame that goes half a second for it
        for frame in tab.playwright_page.frames[1:]:
            frame.evaluate("() => addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)")
    with tab.playwright_page.expect_download():
        tab.playwright_page.evaluate("() => void portal.reloadFrame()")
    tab.until_there()
    expect(tab.status).to_contain_text("The recorded page went away; saved")
    expect(tab.panel.get_by_text("● Recording")).to_be_hidden()
    expect(tab.button("Record")).to_be_visible()
    tab.portal("(portal) => portal.endCall()")  # which the page that went has taken along


def test_a_file_that_is_no_recording_or_too_large_is_refused_with_what_is_wrong(
    shared_tab: TimelinePage, open_portal: OpenPortal, complaints: Complaints, tmp_path: Path
) -> None:
    """Of each kind of flaw `recording.test.mjs` holds the words."""
    context = shared_tab.playwright_page.context
    with complaints.watching(context):
        tab = open_portal(TimelinePage, APP, page=context.new_page(), plain="")
        tab.open()
        for text, said in (
            ("", "call.json is empty."),
            ("{not json", "call.json is not JSON, or was cut off"),
            ('{"kind": "worker-py trace", "version": 1, "entries": []}', "it is an exported trace"),
        ):
            tab.open_text(text)
            expect(tab.problem).to_contain_text(said)
            expect(tab.button("Play")).to_be_hidden()
        file = tmp_path / "day.json"
        with file.open("wb") as large:
            large.truncate(21 * 1024 * 1024)
        tab.panel.get_by_label("Open recording").set_input_files(file)
        expect(tab.problem).to_have_text(
            "day.json is too large: it has 21.0 MiB, a recording may have 20. Record a shorter call."
        )
        expect(tab.button("Play")).to_be_hidden()
        tab.open_text(json.dumps(recording_of((0, "initialized", CALL), commands=[GREETED])))
        expect(tab.button("Play")).to_be_visible()
        expect(tab.problem).to_be_hidden()
        tab.close()
