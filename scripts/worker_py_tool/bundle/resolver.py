"""Chooses the packages of a bundle: the newest that go together and run in its interpreter, which pip knows nothing of.

`resolvelib` searches, as it does in pip; `unearth` finds what there is. Environment markers and tags are those of the
interpreter (`target.py`), not of the machine that builds. Of one version a pure wheel is taken before a compiled one,
and either before that of Pyodide's own distribution, which has what no index has.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from worker_py_tool.bundle import target as targets
from worker_py_tool.bundle.distribution import Distribution
from worker_py_tool.bundle.package_index import Offer, PackageIndex
from worker_py_tool.errors import ToolError

PYTHON = "<Python>"
MOST_ROUNDS = 5_000


@dataclass(frozen=True)
class Need:
    """A requirement, and who has it.

    Attributes:
        name: The package, in its canonical form.
        specifier: The versions that do, as `packaging` has them.
        extras: Of the package.
        parent: The package that needs it; None where the app does.
        offer: The one file that does, where a file is named and not a version.
    """

    name: str
    specifier: Any
    extras: frozenset[str] = frozenset()
    parent: Offer | None = None
    offer: Offer | None = None

    def __str__(self) -> str:
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        return f"{self.name}{extras}{self.specifier}"


@dataclass(frozen=True)
class Choice:
    """A package that was chosen, with the extras that something asks for."""

    offer: Offer
    extras: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The package."""
        return self.offer.name


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of it.

    Attributes:
        packages: What was chosen, by its name.
        depends: The names of what each one needs.
        needs: What is asked of each one.
    """

    packages: Mapping[str, Offer]
    depends: Mapping[str, Sequence[str]]
    needs: Mapping[str, Sequence[Need]]


@dataclass
class Provider:
    """What `resolvelib` asks, and remembers of the search what explains its end.

    Attributes:
        index: Where packages come from.
        distribution: What Pyodide has itself.
        target: The interpreter.
        constraints: Versions that pip's settings allow, by package.
        direct: Packages of which a file is named.
        preferred: Versions that are taken where they fit, by package.
        dead_ends: Needs for which there was nothing, in the order of the search: the newest versions come first.
    """

    index: PackageIndex
    distribution: Distribution
    target: targets.Target
    constraints: Mapping[str, Any] = field(default_factory=dict)
    direct: Mapping[str, Offer] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)
    dead_ends: list[Need] = field(default_factory=list)
    _usable: dict[str, list[Offer]] = field(default_factory=dict)
    _requirements: dict[Offer, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ranks = {tag: rank for rank, tag in enumerate(self.target.tags())}

    def identify(self, requirement_or_candidate: Need | Choice) -> str:
        """What belongs together; a package with extras is one of its own, that needs the one without."""
        extras = sorted(requirement_or_candidate.extras)
        return f"{requirement_or_candidate.name}[{','.join(extras)}]" if extras else requirement_or_candidate.name

    def narrow_requirement_selection(self, identifiers: Iterable[str], **_: Any) -> Iterable[str]:
        """Which ones could be decided first: any."""
        return identifiers

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Choice],
        candidates: Mapping[str, Iterator[Choice]],
        information: Mapping[str, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> tuple[bool, bool, bool, str]:
        """Which one is decided first: what leaves no choice, then what made trouble."""
        needs = [each.requirement for each in information[identifier]]
        pinned = any(need.offer or _pins(need.specifier) for need in needs)
        trouble = any(
            identifier in (self.identify(each.requirement), each.parent and self.identify(each.parent))
            for each in backtrack_causes
        )
        return identifier != PYTHON, not pinned, not trouble, identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Need]],
        incompatibilities: Mapping[str, Iterator[Choice]],
    ) -> list[Choice]:
        """The packages that do, the best one first."""
        needs = list(requirements[identifier])
        name, extras = needs[0].name, needs[0].extras
        if name == PYTHON:
            found = [self._python()]
        else:
            exact = [need.offer for need in needs if need.offer]
            found = self.fitting(name, needs, exact or None)
        bad = {choice.offer for choice in incompatibilities[identifier]}
        choices = [Choice(offer, extras) for offer in found if offer not in bad]
        choices = [choice for choice in choices if all(self.is_satisfied_by(need, choice) for need in needs)]
        choices.sort(key=lambda choice: str(choice.offer.version) != self.preferred.get(name))
        if not choices:
            self.dead_ends += [need for need in needs if need not in self.dead_ends]
        return choices

    def is_satisfied_by(self, requirement: Need, candidate: Choice) -> bool:
        """Whether a package is what is needed."""
        if requirement.offer is not None:
            return candidate.offer == requirement.offer
        return bool(requirement.specifier.contains(candidate.offer.version, prereleases=True))

    def get_dependencies(self, candidate: Choice) -> Iterator[Need]:
        """What a package needs in this interpreter."""
        from packaging.specifiers import SpecifierSet
        from packaging.utils import canonicalize_name

        offer = candidate.offer
        if offer.name == PYTHON:
            return
        if candidate.extras:
            yield Need(offer.name, SpecifierSet(f"=={offer.version}"), parent=offer, offer=offer)
        environments = [{**self.target.environment(), "extra": extra} for extra in ("", *sorted(candidate.extras))]
        for requirement in self._requirements_of(offer):
            marker = requirement.marker
            if marker is None or any(marker.evaluate(environment) for environment in environments):
                name = canonicalize_name(requirement.name)
                if requirement.url and name not in self.direct:
                    raise ToolError(
                        f"{offer.name} {offer.version} needs {requirement.name} from {requirement.url}",
                        f"Name it yourself: --require '{requirement.name} @ {requirement.url}'",
                    )
                yield Need(name, requirement.specifier, frozenset(requirement.extras), offer)
        if only_for := self._requires_python(offer):
            yield Need(PYTHON, only_for, parent=offer)

    def extras_of(self, offer: Offer) -> set[str]:
        """What a package has of extras, by its own list and by what it needs for them."""
        from packaging.utils import canonicalize_name

        named = self._metadata(offer).get_all("Provides-Extra", [])
        for requirement in self._requirements_of(offer):
            named += re.findall(r'extra == "([^"]+)"', str(requirement.marker))
        return {str(canonicalize_name(each)) for each in named}

    def usable(self, name: str) -> list[Offer]:
        """The wheels of a package that the interpreter takes, the best one first."""
        if name not in self._usable:
            found = filter(self._runs, self.distribution.all_offers(name))
            self._usable[name] = sorted(found, key=self._key, reverse=True)
        return self._usable[name]

    def fitting(self, name: str, needs: Sequence[Need], among: Sequence[Offer] | None = None) -> list[Offer]:
        """Those that fit all needs. Unfinished releases, and those taken back, only where nothing else does."""
        from packaging.specifiers import SpecifierSet

        if among is not None or name in self.direct:
            return list(among) if among is not None else [self.direct[name]]
        specifier = self.constraints.get(name, SpecifierSet())
        for need in needs:
            specifier &= need.specifier
        usable = self.usable(name)
        good = [each for each in usable if not each.yanked]
        allowed = set(specifier.filter([each.version for each in good]))
        if not allowed and _pins(specifier):
            good, allowed = usable, set(specifier.filter([each.version for each in usable]))
        return [each for each in good if each.version in allowed]

    def _runs(self, offer: Offer) -> bool:
        return not self._ranks.keys().isdisjoint(offer.tags) and offer.is_for(self.target.python)

    def _key(self, offer: Offer) -> tuple[Any, ...]:
        from packaging.utils import parse_wheel_filename

        rank = min(self._ranks[tag] for tag in offer.tags if tag in self._ranks)
        return offer.version, not offer.from_pyodide, offer.pure, -rank, parse_wheel_filename(offer.filename)[2]

    def _requirements_of(self, offer: Offer) -> list[Any]:
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.utils import canonicalize_name

        if offer not in self._requirements:
            try:
                found = [Requirement(text) for text in self._metadata(offer).get_all("Requires-Dist", [])]
            except InvalidRequirement as problem:
                raise ToolError(
                    f"{offer.filename} names what it needs in a way that nobody understands: {problem}",
                    "Take another version of it.",
                ) from problem
            if offer.from_pyodide:
                named = {canonicalize_name(each.name) for each in found}
                found += [Requirement(name) for name in self.distribution.needs(offer.name) if name not in named]
            self._requirements[offer] = found
        return self._requirements[offer]

    def _metadata(self, offer: Offer) -> Any:
        if offer.from_pyodide:
            self.distribution.fetch(offer)
        return self.index.metadata(offer)

    def _requires_python(self, offer: Offer) -> Any:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            return SpecifierSet(self._metadata(offer).get("Requires-Python") or "")
        except InvalidSpecifier:
            return None

    def _python(self) -> Offer:
        from packaging.version import Version

        return Offer(PYTHON, Version(self.target.python), "", "")


def _pins(specifier: Any) -> bool:
    """Whether it names a version."""
    return any(part.operator in ("==", "===") for part in specifier)


def search(provider: Provider, wanted: Sequence[Need]) -> Resolution:
    """Choose.

    Raises:
        resolvelib.ResolutionImpossible: Nothing fits.
        ToolError: Something could not be read, or there is no end of it.
    """
    from resolvelib import BaseReporter, ResolutionTooDeep, Resolver

    asked: Any = provider
    resolver: Any = Resolver(asked, BaseReporter())
    try:
        result = resolver.resolve(wanted, max_rounds=MOST_ROUNDS)
    except ResolutionTooDeep as problem:
        raise ToolError(
            f"no end of combinations of versions of {', '.join(map(str, wanted))}", "Name exact versions."
        ) from problem
    packages = {each.name: each.offer for each in result.mapping.values() if each.name != PYTHON}
    needs: dict[str, list[Need]] = {name: [] for name in packages}
    depends: dict[str, set[str]] = {name: set() for name in packages}
    for criterion in result.criteria.values():
        for need in criterion.iter_requirement():
            if need.name in packages:
                needs[need.name].append(need)
                if need.parent is not None and need.parent.name != need.name:
                    depends[need.parent.name].add(need.name)
    return Resolution(packages, {name: sorted(names) for name, names in depends.items()}, needs)
