"""The one error that commands show to people."""


class ToolError(Exception):
    """A command cannot go on: what is wrong, naming the value, and what to do about it.

    Attributes:
        message: One line that names the value and what was expected.
        remedy: What the reader can do, or an empty string where the message says it all.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Both parts, as the command line shows them."""
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message
