"""Says why packages could not be chosen, and why an older one was: by the real cause, and with what else would do."""

import functools
import platform
import re
from collections.abc import Iterator, Sequence
from typing import Any

from worker_py_tool.bundle.package_index import Offer
from worker_py_tool.bundle.resolver import PYTHON, Choice, Need, Provider, Resolution
from worker_py_tool.errors import ToolError

MADE_FOR = (
    ("manylinux", "Linux"), ("musllinux", "Linux"), ("linux", "Linux"), ("macosx", "macOS"), ("win", "Windows"),
    ("pyodide", "another Pyodide"), ("pyemscripten", "another Pyodide"), ("emscripten", "another Pyodide"),
    ("android", "Android"), ("ios", "iOS"),
)  # fmt: skip
OTHER = "Take another version of it, or another package."
ELSE = (
    "Take another package or version, or build a wheel of it with `pyodide build` and give that: --require ./NAME.whl"
)


def explained(provider: Provider, asked: Sequence[str], causes: Sequence[Any]) -> ToolError:
    """What ended a search in which nothing fits.

    Args:
        provider: What was asked, and remembers.
        asked: The requirements of the app.
        causes: What `resolvelib` says of the end: needs, each with the choice that has it.
    """
    for need in (*provider.dead_ends, *(each.requirement for each in causes)):
        reason = lacking(provider, need)
        if reason is not None:
            if need.name == PYTHON and need.parent is not None:
                who = f"{need.parent.name} {need.parent.version}"
                return ToolError(f"--require {', '.join(asked)}: {who}: {reason[0]}", reason[1])
            return ToolError(f"--require {_origin(need, asked)}: {reason[0]}", reason[1])
    said = sorted({f"{_who(each.parent)} needs {each.requirement}" for each in causes})
    owners = sorted({f"{each.parent.name}=={each.parent.offer.version}" for each in causes if each.parent})
    return ToolError(
        f"--require {' and '.join(owners) or ', '.join(asked)}: they need versions that contradict each other:"
        f" {', '.join(said)}",
        "Name versions that go together.",
    )


def lacking(provider: Provider, need: Need) -> tuple[str, str] | None:
    """Why nothing fits one need alone, and what to do; None when something does."""
    if need.name == PYTHON:
        if need.specifier.contains(provider.target.python, prereleases=True):
            return None
        return f"it is for Python {need.specifier}, and the browser's is {provider.target.python}", OTHER
    if need.offer is not None or provider.fitting(need.name, [need]):
        return None
    offers = [*provider.index.offers(need.name), *filter(None, [provider.distribution.offer(need.name)])]
    usable = provider.usable(need.name)
    if not offers:
        return f"the package index has no package {need.name}", "Check the name; other indexes are named as for pip."
    allowed = need.specifier & provider.constraints.get(need.name, need.specifier)
    fitting = set(allowed.filter([each.version for each in offers]))
    if not fitting:
        newest = max(each.version for each in offers)
        by = "" if allowed == need.specifier else " within the constraints of pip's settings"
        return f"there is no {need}{by}: the newest is {newest}", "Name a version that there is."
    newest = max(fitting)
    why = unusable(provider, [each for each in offers if each.version == newest])
    runs = f" {usable[0].version} does: --require {need.name}=={usable[0].version}" if usable else ""
    remedy = f"Another version runs there;{runs}" if runs else ELSE
    return f"{need.name} {newest} does not run in the browser's Python: {why}", remedy


def unusable(provider: Provider, offers: Sequence[Offer]) -> str:
    """Why none of a version's files can be used, in words."""
    if all(each.yanked for each in offers):
        return "it was taken back"
    wheels = [each for each in offers if each.tags]
    if not wheels:
        return "it has no wheel, only its source"
    if not any(provider.for_python(each) for each in wheels):
        return f"it is for Python {wheels[0].requires_python}, and the browser's is {provider.target.python}"
    kinds = sorted({_made_for(provider, tag) for each in wheels for tag in each.tags})
    return f"its wheels are for {', '.join(kinds)}, none for {provider.target.platforms[0]} and none is pure"


def older(provider: Provider, found: Resolution) -> Iterator[str]:
    """Of each package that is older than the one that this machine's pip would take: which, and why."""
    for name, chosen in sorted(found.packages.items()):
        if name in provider.direct:
            continue
        here = [each for each in provider.index.offers(name) if _for_this_machine(each)]
        specifier = next(iter(found.needs[name])).specifier
        for need in found.needs[name]:
            specifier &= need.specifier
        newest = max(specifier.filter([each.version for each in here]), default=chosen.version)
        if newest > chosen.version and provider.preferred.get(name) != str(chosen.version):
            yield f"{name} {chosen.version} instead of {newest}: {_reason(provider, name, newest)}"


def _reason(provider: Provider, name: str, newest: Any) -> str:
    if name in provider.constraints and not provider.constraints[name].contains(newest, prereleases=True):
        return f"pip's settings constrain it to {provider.constraints[name]}"
    files = [each for each in provider.index.offers(name) if each.version == newest]
    if not any(each.version == newest for each in provider.usable(name)):
        return unusable(provider, files)
    for need in provider.dead_ends:
        if need.parent is not None and need.parent.name == name and need.parent.version == newest:
            reason = lacking(provider, need)
            if need.name == PYTHON and reason:
                return reason[0]
            return f"it needs {need}" + (f", and {reason[0]}" if reason else ", which does not go with the others")
    return "it does not go together with the others"


def _made_for(provider: Provider, tag: Any) -> str:
    if tag.platform == "any" or tag.platform in provider.target.platforms:
        return f"another Python ({tag.interpreter})"
    return next((name for prefix, name in MADE_FOR if tag.platform.startswith(prefix)), tag.platform)


def _for_this_machine(offer: Offer) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if offer.yanked or (offer.tags and offer.tags.isdisjoint(_own_tags())):
        return False
    try:
        return bool(SpecifierSet(offer.requires_python).contains(platform.python_version(), prereleases=True))
    except InvalidSpecifier:
        return True


@functools.cache
def _own_tags() -> frozenset[Any]:
    from packaging.tags import sys_tags

    return frozenset(sys_tags())


def _origin(need: Need, asked: Sequence[str]) -> str:
    if need.parent is None:
        return next((each for each in asked if _name(each) == need.name), str(need))
    return f"{', '.join(asked)}: {need}, which {need.parent.name} {need.parent.version} needs"


def _name(asked: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(re.split(r"[\s\[<>=!~;@]", asked.strip())[0])


def _who(parent: Choice | None) -> str:
    return f"{parent.name} {parent.offer.version}" if parent else "--require"
