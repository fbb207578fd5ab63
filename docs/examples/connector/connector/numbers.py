"""Telephone numbers as people write them."""

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse


def written(number: str | None) -> str:
    """A number in groups, with its country; what is none stays as it is."""
    if number is None:
        return "Hidden number"
    try:
        parsed = parse(number, None)
    except NumberParseException:
        return number
    return format_number(parsed, PhoneNumberFormat.INTERNATIONAL) if is_possible_number(parsed) else number
