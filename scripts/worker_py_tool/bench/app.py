"""The handlers that are measured; `javascript/worker.js` has the same in JavaScript."""

from worker_py import App, CallCard
from worker_py.events import AddCommentButtonClick, DialpadButtonClick

app = App()


@app.on(AddCommentButtonClick)
async def count(event: AddCommentButtonClick, card: CallCard) -> None:
    """Count comments; say at the last one how many there were."""
    counted = card.data["counted"] = card.data.get("counted", 0) + 1
    if event.comment == "last":
        await card.set_status_text(f"{counted} comments")


@app.on(DialpadButtonClick)
async def show_key(event: DialpadButtonClick, card: CallCard) -> None:
    """Show the key that was pressed."""
    await card.set_card_title(event.key)
