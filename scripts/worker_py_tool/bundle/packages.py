"""The packages of an app: which ones, in which versions, from where; and their wheels."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from worker_py_tool import progress
from worker_py_tool.bundle import package_index, requirement, resolver, target, unresolved
from worker_py_tool.bundle.distribution import Distribution
from worker_py_tool.bundle.package_index import Offer, PackageIndex, Settings
from worker_py_tool.bundle.resolver import Need, Provider
from worker_py_tool.errors import ToolError
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE

FILES = CACHE / "wheels" / "files"


@dataclass(frozen=True, slots=True)
class Package:
    """One that was chosen.

    Attributes:
        name: In its canonical form.
        version: Its version.
        filename: Its wheel.
        sha256: The wheel's hash, always known.
        url: Where the wheel comes from; `file:` for one of this machine.
        depends: The names of those that it needs here.
        from_pyodide: It is of Pyodide's own distribution.
    """

    name: str
    version: str
    filename: str
    sha256: str
    url: str
    depends: tuple[str, ...] = ()
    from_pyodide: bool = False


@dataclass(frozen=True, slots=True)
class Packages:
    """What a list of requirements comes to.

    Attributes:
        asked: The requirements by the names of their packages, without those that are not for this interpreter.
        chosen: All packages, also those that others need, by name.
        notes: What a reader should know of the choice: of each that is older than elsewhere, why; of missing extras.
    """

    asked: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[Package, ...] = ()
    notes: tuple[str, ...] = ()


def resolve(
    requirements: Sequence[str],
    pyodide_packages: str = "",
    preferred: Mapping[str, str] | None = None,
    *,
    anew: bool = False,
) -> Packages:
    """Choose packages for the interpreter of the bundle.

    They are chosen once: the same requirements, indexes and local files give the same until `.cache` is deleted.

    Args:
        requirements: As `--require` takes them.
        pyodide_packages: Where the packages of Pyodide's distribution are; empty: where Pyodide publishes them.
        preferred: Versions that are taken where they fit, by package.
        anew: Look again at what there is.

    Raises:
        ToolError: One does not exist, does not run in the browser, or contradicts another.
    """
    for each in requirements:
        requirement.parse(each)
    if not requirements:
        return Packages()
    with closing(PackageIndex(package_index.settings(), FILES)) as index:
        wanted = [requirement.read(each, index) for each in requirements]
        question = _Question(requirements, wanted, index, pyodide_packages, preferred or {})
        kept = made_once(CACHE / "resolved" / f"{question.key()}.json", "resolving", question.answer, anew=anew)
    read = json.loads(kept.read_text(encoding="utf-8"))
    chosen = [Package(**{**each, "depends": tuple(each["depends"])}) for each in read["chosen"]]
    return Packages(read["asked"], tuple(chosen), tuple(read["notes"]))


def fetch(packages: Sequence[Package]) -> list[Path]:
    """The wheels of packages, each verified by its hash.

    Raises:
        ToolError: One is not where it was, or has changed.
    """
    missing = [each for each in packages if not is_here(each)]
    if missing:
        with closing(PackageIndex(package_index.settings(), FILES)) as index:
            for each in missing:
                index.fetch(each.url, each.filename, each.sha256)
    return [_place(each) for each in packages]


def is_here(package: Package) -> bool:
    """Whether its wheel was fetched already."""
    return _place(package).is_file()


def _place(package: Package) -> Path:
    return package_index.place(FILES, package.sha256, package.filename)


@dataclass(frozen=True, slots=True)
class _Question:
    """Which packages there are to be: for what `resolve` is given, as it was read."""

    requirements: Sequence[str]
    wanted: Sequence[tuple[Need, Any]]
    index: PackageIndex
    pyodide_packages: str
    preferred: Mapping[str, str]

    def key(self) -> str:
        """What the answer depends on."""
        files = sorted(need.offer.sha256 for need, _ in self.wanted if need.offer)
        sources = [
            self.index.settings.indexes,
            self.index.settings.links,
            package_index.constraints(self.index.settings),
            self.pyodide_packages,
            sorted(self.preferred.items()),
        ]
        parts = [sorted(self.requirements), files, sources, hashlib.sha256(target.LOCK.read_bytes()).hexdigest()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]

    def answer(self, aside: Path) -> Path:
        """A file of what was chosen."""
        with progress.step(f"resolving for Pyodide: {', '.join(self.requirements)}"):
            found = self._resolved()
        (aside / "found.json").write_text(json.dumps(asdict(found)), encoding="utf-8")
        return aside / "found.json"

    def _resolved(self) -> Packages:
        from resolvelib import ResolutionImpossible

        goal = target.read()
        provider = Provider(
            self.index,
            Distribution(goal, self.index, self.pyodide_packages),
            goal,
            _constraints(self.index.settings),
            {need.name: need.offer for need, _ in self.wanted if need.offer},
            preferred=self.preferred,
        )
        needed = [
            (need, text)
            for text, (need, marker) in zip(self.requirements, self.wanted, strict=True)
            if marker is None or marker.evaluate(goal.environment())
        ]
        for need, _ in needed:
            _check_runs(provider, need)
        try:
            found = resolver.search(provider, [need for need, _ in needed])
        except ResolutionImpossible as problem:
            raise unresolved.explained(provider, self.requirements, list(problem.causes)) from problem
        except ToolError as problem:
            raise ToolError(f"--require {', '.join(self.requirements)}: {problem.message}", problem.remedy) from problem
        chosen = []
        for name, offer in sorted(found.packages.items()):
            path = _fetched(provider, offer)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            named = (name, str(offer.version), offer.filename, digest, offer.url)
            chosen.append(Package(*named, tuple(found.depends[name]), offer.from_pyodide))
        asked = {need.name: text for need, text in needed}
        notes = [
            *unresolved.older(provider, found),
            *_without_extras(provider, found.packages, [need for need, _ in needed]),
        ]
        return Packages(asked, tuple(chosen), tuple(notes))


def _without_extras(provider: Provider, found: Mapping[str, Any], needs: Sequence[Need]) -> Iterator[str]:
    """Of each extra that a package does not have."""
    from packaging.utils import canonicalize_name

    for need in needs:
        offer = found[need.name]
        known = provider.extras_of(offer)
        for extra in sorted({str(canonicalize_name(each)) for each in need.extras} - known):
            has = f"it has {', '.join(sorted(known))}" if known else "it has none"
            yield f"{need.name} {offer.version} has no extra {extra!r}, so nothing is taken for it: {has}"


def _fetched(provider: Provider, offer: Offer) -> Path:
    if offer.from_pyodide:
        return provider.distribution.fetch(offer)
    return provider.index.fetch(offer.url, offer.filename, offer.sha256)


def _check_runs(provider: Provider, need: Need) -> None:
    """A wheel that was named by its file is not searched for: so it is looked at here."""
    if need.offer is not None and need.offer.tags.isdisjoint(provider.target.tags()):
        raise ToolError(
            f"--require {need.offer.filename}: it does not run in the browser's Python:"
            f" {unresolved.unusable(provider, [need.offer])}",
            "Build it with `pyodide build`.",
        )


def _constraints(settings: Settings) -> dict[str, Any]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, Any] = {}
    for line in package_index.constraints(settings):
        try:
            read = Requirement(line)
        except InvalidRequirement as problem:
            raise ToolError(f"pip's constraint {line!r}: {problem}", "Mend pip's settings.") from problem
        if read.marker is None or read.marker.evaluate(target.read().environment()):
            name = canonicalize_name(read.name)
            found[name] = found.get(name, read.specifier) & read.specifier
    return found
