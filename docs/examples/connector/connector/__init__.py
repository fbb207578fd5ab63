"""Calls of an exchange on the cards of the portal."""

from connector import card, exchange
from connector.application import app

__all__ = ["app", "card", "exchange"]
