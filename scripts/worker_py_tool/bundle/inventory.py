"""What a bundle is made of: `sbom.cdx.json` (CycloneDX 1.6) and `LICENSES.txt`, both from what was put into it."""

import hashlib
import json
import re
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from worker_py_tool.bundle import target, wheel_check
from worker_py_tool.bundle.one_module import licences_of
from worker_py_tool.paths import version
from worker_py_tool.setup import node_packages

SBOM, LICENSES = "sbom.cdx.json", "LICENSES.txt"
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562: of addresses
_LICENCE_FILE = re.compile(r"[^/]+\.dist-info/(?:licenses/.*|(?:LICEN[CS]E|COPYING|NOTICE)[^/]*)", re.IGNORECASE)
_LONGEST_TEXT = 200_000
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that others have written, or we.

    Attributes:
        name: As its registry has it.
        version: The one that is in the bundle.
        purl: Its package URL.
        licence: An SPDX expression, or the words of its metadata; empty when it says nothing.
        sha256: Of the file that was taken; empty when it is no single file.
        text: Its licence files, or where they are to be read.
    """

    name: str
    version: str
    purl: str
    licence: str
    sha256: str = ""
    text: str = ""


def files(build_wheels: Sequence[Path], npm: Sequence[str]) -> dict[str, bytes]:
    """The two files, by name: the same parts give the same bytes.

    Args:
        build_wheels: The wheels of the bundle.
        npm: Packages of npm of which something is in it, beside Pyodide.
    """
    parts = [*_interpreter(), *map(_of_wheel, build_wheels), *map(_of_npm, npm)]
    parts.sort(key=lambda part: (part.name.lower(), part.version))
    return {SBOM: sbom(parts), LICENSES: _licences(parts)}


def _interpreter() -> list[Part]:
    python, pyodide = target.read().python, target.pyodide_version()
    return [
        Part(
            "cpython", python, f"pkg:generic/cpython@{python}", "PSF-2.0", text=_AT.format("docs.python.org/3/license")
        ),
        Part("pyodide", pyodide, f"pkg:npm/pyodide@{pyodide}", "MPL-2.0", text=_AT.format("mozilla.org/MPL/2.0")),
    ]


_AT = "Its licence is to be read at https://{}"


def _of_wheel(wheel: Path) -> Part:
    about = wheel_check.metadata(wheel)
    with zipfile.ZipFile(wheel) as archive:
        texts = [
            archive.read(entry).decode("utf-8", "replace")
            for entry in archive.infolist()
            if _LICENCE_FILE.fullmatch(entry.filename) and not entry.is_dir() and entry.file_size <= _LONGEST_TEXT
        ]
    name, number = str(about["Name"]), str(about["Version"])
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{number}"
    return Part(name, number, purl, _licence_of(about), digest, "\n".join(texts).strip())


def _licence_of(about: Message) -> str:
    """What a wheel's metadata says, the newer field first."""
    for field in ("License-Expression", "License"):
        said = str(about.get(field) or "").strip()
        if said and "\n" not in said and len(said) < 100:
            return said
    classifiers = [str(each) for each in about.get_all("Classifier", [])]
    found = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    return " AND ".join(found)


def _of_npm(name: str) -> Part:
    about = node_packages.about(name)
    purl = f"pkg:npm/{name.replace('@', '%40')}@{about['version']}"
    return Part(name, about["version"], purl, str(about.get("license", "")), text="\n".join(licences_of(name)).strip())


def sbom(parts: Sequence[Part]) -> bytes:
    """The parts in CycloneDX's format."""
    components = [
        {
            "type": "platform" if part.name == "cpython" else "library",
            "bom-ref": part.purl,
            "name": part.name,
            "version": part.version,
            "purl": part.purl,
            **({"licenses": [_licence_entry(part.licence)]} if part.licence else {}),
            **({"hashes": [{"alg": "SHA-256", "content": part.sha256}]} if part.sha256 else {}),
        }
        for part in parts
    ]
    content = json.dumps(components, sort_keys=True)
    about = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}",  # no date: two builds are the same bytes
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "bundle", "name": "bundle"},
            "tools": {"components": [{"type": "application", "name": "worker-py", "version": version()}]},
        },
        "components": components,
        "dependencies": [{"ref": "bundle", "dependsOn": [part.purl for part in parts]}],
    }
    return (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode()


def _licence_entry(licence: str) -> dict[str, Any]:
    """As CycloneDX has it: an expression of SPDX, or a name in words."""
    if re.fullmatch(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*", licence):
        return {"expression": licence}
    return {"license": {"name": licence}}


def _licences(parts: Sequence[Part]) -> bytes:
    told = ["What is in this bundle, and under which licence it may be passed on. The app itself is its author's."]
    for part in parts:
        says = part.text or "Its package brings no licence file."
        told.append(f"{'=' * 78}\n{part.name} {part.version}: {part.licence or 'it does not say'}\n\n{says}")
    return ("\n\n".join(told) + "\n").encode()
