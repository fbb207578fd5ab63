"""Breaks the product in one place at a time, and tells which tests notice: a check of the tests, by hand, not in CI.

    python3 tests/support/mutations.py [NAME]... [--fast | --full | --targeted] [--list]

Each mutation is tried in a copy of this checkout, in a temporary directory. `--fast` (the default) runs
`scripts/test --fast` on it, `--full` all of `scripts/test`, `--targeted` the tests that the table below expects to
notice. Status 0: all were noticed. Run `scripts/test --fast` in the checkout before, for the set-up.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN_TEST = "tests/tool/test_mutations.py"
"""It misses the text that a mutation has replaced, whatever that does: its failure proves nothing."""
LIMIT_S = 3600
CACHES = ("compressed", "frozen", "interpreters", "snapshots", "wheels")
"""What builds leave in `.cache` under keys made of contents."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One thing that is done wrong.

    Attributes:
        name: What it is called in the table that is printed.
        file: Where it is.
        old: The text as it is, which is there once.
        new: The text that takes its place.
        tests: Files that are expected to notice.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def flaw(self, root: Path = ROOT) -> str:
        """Why it cannot be tried, or an empty string; then the product has changed, and this table has to follow."""
        path = root / self.file
        count = path.read_text(encoding="utf-8").count(self.old) if path.is_file() else -1
        if count == -1:
            return f"{self.name}: there is no {self.file}"
        if count != 1:
            return f"{self.name}: {self.file} has {count} times, and should have once: {self.old!r}"
        missing = [test for test in self.tests if not (root / test).is_file()]
        return f"{self.name}: there is no {missing[0]}" if missing else ""

    def apply(self, root: Path) -> None:
        """Do it to the files in `root`."""
        path = root / self.file
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


MUTATIONS = (
    Mutation(
        "a deadline is never armed",
        "worker_py/requests.py",
        "            self._set_timer(pending, timeout_ms)\n",
        "            self._set_timer(pending, None if timeout_ms else timeout_ms)\n",
        ("tests/unit/test_requests.py",),
    ),
    Mutation(
        "a late answer is taken for the next one's",
        "worker_py/requests.py",
        "        pending = self._mine(page_id, request_id)\n        if pending is None or",
        "        pending = self._mine(page_id, request_id) or next(iter(self._pending.values()), None)\n"
        "        if pending is None or",
        ("tests/unit/test_requests.py",),
    ),
    Mutation(
        "an acknowledgement is sent twice",
        "worker_py/dispatch.py",
        "        self._desk.at(page).running.discard(seq)\n",
        "        self._desk.at(page).running.discard(seq)\n"
        "        self._out.tell(page, outbox.ack(seq, runs, call_id))\n",
        ("tests/unit/test_dispatch.py",),
    ),
    Mutation(
        "an event's field is swapped with another",
        "worker_py/wire.py",
        'read(_word, "LINE_NUMBER")',
        'read(_word, "LINE_NAME")',
        ("tests/unit/test_wire.py",),
    ),
    Mutation(
        "a field that cannot be read refuses its event",
        "worker_py/wire.py",
        "            told.append(str(error))\n            return how({}, key)",
        "            raise",
        ("tests/unit/test_wire.py",),
    ),
    Mutation(
        "handlers run in the opposite order",
        "worker_py/registry.py",
        "return self._handlers.get(event_type, [])",
        "return self._handlers.get(event_type, [])[::-1]",
        ("tests/unit/test_registry.py", "tests/unit/test_dispatch.py"),
    ),
    Mutation(
        "a batch does not stop at its first failure",
        "worker_py/rest.py",
        "halt=bool(halt), once",
        "halt=False, once",
        ("tests/unit/test_rest.py",),
    ),
    Mutation(
        "a call that was held stays held",
        "worker_py/state.py",
        "{name: getattr(event, name) for",
        "{name: getattr(event, name) or getattr(state, name) for",
        ("tests/unit/test_state.py",),
    ),
    Mutation(
        "random numbers are the snapshot's",
        "worker_py/thaw.py",
        "            generator.seed()\n",
        "            generator.seed(0)\n",
        ("tests/unit/test_thaw.py", "tests/browser/hosting/test_snapshot.py"),
    ),
    Mutation(
        "the app reaches the process that makes its snapshot",
        "scripts/worker_py_tool/bundle/snapshot.mjs",
        " : null;\n  close();\n",
        " : null;\n",
        ("tests/tool/bundle/test_fence.py",),
    ),
    Mutation(
        "a secret goes into the bundle",
        "scripts/worker_py_tool/bundle/app_files.py",
        "        if reason:\n",
        "        if reason is True:\n",
        ("tests/tool/bundle/test_app_files.py",),
    ),
    Mutation(
        "an event is bound twice",
        "static/page/binder.js",
        "        this.#bind(name); // which may",
        "        this.#bind(name);\n        this.#bind(name); // which may",
        ("tests/static/page/binder.test.mjs",),
    ),
    Mutation(
        "a token is in the trace",
        "static/page/trace.js",
        "entry.detail = masked(String(entry.detail));",
        "entry.detail = String(entry.detail);",
        ("tests/static/page/trace.test.mjs",),
    ),
    Mutation(
        "an event that comes again is not marked",
        "static/page/journal.js",
        "const redelivered = entry.reached;",
        "const redelivered = entry.reached && entry.kills > KILLS_ALLOWED;",
        ("tests/static/page/journal.test.mjs",),
    ),
    Mutation(
        "the oldest event is lost when the worker is another one",
        "static/page/journal.js",
        "    this.#turn = 0;\n    const entries = [...this.#entries.values()];",
        "    this.#turn = 0;\n    const entries = [...this.#entries.values()].slice(this.#entries.size > 1 ? 1 : 0);",
        ("tests/static/page/journal.test.mjs",),
    ),
    Mutation(
        "what comes from outside may be twice as large",
        "static/page/bounds.js",
        "json !== undefined && json.length > maxChars",
        "json !== undefined && json.length > 2 * maxChars",
        ("tests/static/page/bounds.test.mjs",),
    ),
    Mutation(
        "the lock that says a worker lives is not held",
        "static/worker/life.js",
        "        alive(lock);\n        return new Promise(() => {});",
        "        alive(lock);\n        return Promise.resolve();",
        ("tests/static/worker/life.test.mjs",),
    ),
    Mutation(
        "code that runs away is never interrupted",
        "static/worker/interrupt.js",
        "ran += Math.min(time - looked, LONGEST_GAP_MS);",
        "ran = Math.min(time - looked, LONGEST_GAP_MS);",
        ("tests/static/worker/interrupt.test.mjs",),
    ),
    Mutation(
        "the portal tells the opposite of mute",
        "static/portal/core/call_events.js",
        "    return card.muted;\n",
        "    return !card.muted;\n",
        ("tests/browser/delivery/test_call.py",),
    ),
    Mutation(
        "the card's timer runs on in redial",
        "static/portal/card/model.js",
        "buttons: [CALL_AGAIN], stops: true",
        "buttons: [CALL_AGAIN]",
        ("tests/static/portal/card/model.test.mjs",),
    ),
    Mutation(
        "hold is not negotiated",
        "static/phone/loopback.js",
        "    await this.#negotiate();\n    if (!held) {",
        "    if (!held) {",
        ("tests/browser/phone/test_phone.py",),
    ),
    Mutation(
        "anybody may frame the page",
        "scripts/worker_py_tool/bundle/origins.py",
        '        "frame-ancestors": list(portals),\n',
        "",
        ("tests/tool/bundle/test_origins.py", "tests/tool/bundle/test_build.py"),
    ),
    Mutation(
        "POST of the page is refused",
        "scripts/worker_py_tool/asgi.py",
        'methods = (*_READ, "POST") if path == PAGE else _READ',
        "methods = _READ",
        ("tests/tool/serve/test_server_contract.py",),
    ),
    Mutation(
        "the portal's server leaves its directory",
        "static/portal/server.mjs",
        "if (found.startsWith(root + path.sep)) {",
        "if (found !== root) {",
        ("tests/static/portal/server.test.mjs",),
    ),
    Mutation(
        "a compressed copy is of former content",
        "scripts/worker_py_tool/bundle/compress.py",
        "{sha256(path.read_bytes()).hexdigest()[:32]}",
        "{sha256(path.name.encode()).hexdigest()[:32]}",
        ("tests/tool/bundle/test_compress.py",),
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run of the tests came to.

    Attributes:
        passed: Whether it did.
        failures: The commands of what failed, or the tiers that did without a test.
        seconds: How long it took.
    """

    passed: bool
    failures: list[str]
    seconds: float


def copy_checkout(to: Path) -> None:
    """All that git knows or would know, and what the set-up has made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)
    for name in (".venv", "node_modules"):
        (to / name).symlink_to(ROOT / name)
    for name in CACHES:
        if (ROOT / ".cache" / name).is_dir():
            shutil.copytree(ROOT / ".cache" / name, to / ".cache" / name)


def judge(root: Path, arguments: Sequence[str]) -> Verdict:
    """Run scripts/test there."""
    started = time.monotonic()
    command = [str(root / "scripts" / "test"), *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(LIMIT_S)
        except BaseException as ended:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(ended, subprocess.TimeoutExpired):
                raise
            return Verdict(False, [f"not done after {LIMIT_S} s"], time.monotonic() - started)
        output.seek(0)
        lines = output.read().splitlines()
    if not lines or not lines[-1].startswith("total: "):
        raise SystemExit("\n".join([*lines[-20:], f"error: {' '.join(command)} did not run to its end"]))
    named = [line.strip() for line in lines if line.startswith("  scripts/test ")]
    failed = [line for line in named if OWN_TEST not in line]
    passed = status == 0 or bool(named and not failed)
    return Verdict(passed, failed or [line for line in lines if line.startswith("FAILED ")], time.monotonic() - started)


def arguments_for(mutations: Sequence[Mutation], options: argparse.Namespace) -> list[str]:
    """What scripts/test is told."""
    if options.targeted:
        return ["--", *dict.fromkeys(test for mutation in mutations for test in mutation.tests)]
    return [] if options.full else ["--fast"]


def parse() -> argparse.Namespace:
    """Read the command line."""
    options = argparse.ArgumentParser(description="Break the product in one place at a time: do the tests notice?")
    options.add_argument("names", metavar="NAME", nargs="*", help="mutations whose name holds this (default: all)")
    tests = options.add_mutually_exclusive_group()
    tests.add_argument("--fast", action="store_true", help="run scripts/test --fast for each (the default)")
    tests.add_argument("--full", action="store_true", help="run all of scripts/test for each")
    tests.add_argument("--targeted", action="store_true", help="run only the files that are expected to notice")
    options.add_argument("--list", action="store_true", help="name the mutations, and try none")
    return options.parse_args()


def main() -> int:
    """Try them, and print a line for each."""
    options = parse()
    chosen = [one for one in MUTATIONS if not options.names or any(name in one.name for name in options.names)]
    flaws = [flaw for one in chosen if (flaw := one.flaw())]
    if flaws or not chosen:
        print("\n".join(flaws or ["no mutation has such a name"]), file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{one.name}: {one.file}" for one in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: ends the tests, and removes the copy
    with tempfile.TemporaryDirectory(prefix="worker-py-mutations-") as name:
        root = Path(name).resolve()
        copy_checkout(root)
        untouched = judge(root, arguments_for(chosen, options))
        if not untouched.passed:
            print("the tests fail without a mutation:", *untouched.failures, sep="\n  ", file=sys.stderr)
            return 2
        print(f"none: passed, {untouched.seconds:.0f} s", flush=True)
        return try_all(root, chosen, options)


def try_all(root: Path, chosen: Sequence[Mutation], options: argparse.Namespace) -> int:
    """One after the other, each on files that are whole but for it; 0 when all were noticed."""
    noticed = 0
    for mutation in chosen:
        mutation.apply(root)
        verdict = judge(root, arguments_for([mutation], options))
        shutil.copy2(ROOT / mutation.file, root / mutation.file)
        noticed += not verdict.passed
        first, more = (verdict.failures or [""])[0], len(verdict.failures) - 1
        told = f"{first}{f' and {more} more' if more > 0 else ''}"
        print(
            f"{'MISSED' if verdict.passed else 'caught'}  {mutation.name}, {verdict.seconds:.0f} s  {told}", flush=True
        )
    print(f"{noticed} of {len(chosen)} caught")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
