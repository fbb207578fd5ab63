"""The app against a portal in memory: no browser, no network, no waiting. A handler that fails, fails the test."""

from worker_py.events import AnswerButtonClick, HangupButtonClick
from worker_py.testing import Portal


def test_the_title_shows_the_contact_and_the_number(portal: Portal) -> None:
    portal.rest["crm.contact.get"] = {"ID": "7", "NAME": "Mara"}
    portal.initialized(CRM_ENTITY_TYPE="CONTACT", CRM_ENTITY_ID=7, PHONE_NUMBER="+12025550123")
    assert portal.sent[-1] == ("CallCardSetCardTitle", {"title": "Mara · +12025550123"})


def test_a_hidden_number_is_called_that(portal: Portal) -> None:
    portal.initialized(PHONE_NUMBER="hidden", CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
    assert portal.sent[-1] == ("CallCardSetCardTitle", {"title": "Hidden number"})


def test_the_operator_can_answer_before_the_crm_has(portal: Portal) -> None:
    portal.initialized()
    assert portal.sent[0] == ("CallCardSetUiState", {"uiState": "incoming"})
    assert portal.problems == []


def test_answering_connects_and_hanging_up_closes(portal: Portal) -> None:
    portal.initialized()
    portal.raise_event(AnswerButtonClick())
    portal.raise_event(HangupButtonClick())
    assert portal.sent[-2:] == [("CallCardSetUiState", {"uiState": "connected"}), ("CallCardClose", {})]
