"""Files of tests spread over several processes, also when one of them ends in the middle of a test."""

from contextlib import suppress

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]


class Spreading(LoadFileScheduling):  # type: ignore[misc]
    """What pytest-xdist 3.8 makes of ``--dist=loadfile``, but for what is left by a process that ends.

    There, all files that it ever had are handed out anew: one that is done with, too, and a process that gets such a
    file waits for ever; and the test that ended it would end the next one. And a process keeps its last test until it
    gets another or is told that there is none: what is left of a file may be that one test. And a process may have
    ended before it is told of here: what is sent to it then raised, and nothing more was run.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        with suppress(OSError):  # the process ended; `remove_node`, called soon, finds this among what it left
            super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return  # it has only just started, and asks for itself
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a process that ended off the list; its other tests go to the rest.

        Returns:
            The test that ended it, if it had any left.
        """
        left = {file: unit for file, unit in self.assigned_work.pop(node).items() if not all(unit.values())}
        culprit = next((test for unit in left.values() for test, done in unit.items() if not done), None)
        for file, unit in left.items():
            if culprit in unit:
                unit[culprit] = True
            if not all(unit.values()):
                self.workqueue[file] = unit
        for other in self.assigned_work:
            self._reschedule(other)
        return culprit
