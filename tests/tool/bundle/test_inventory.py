"""What a bundle says that it is made of."""

import json
import zipfile
from pathlib import Path

from worker_py_tool.bundle import inventory, phone, target
from worker_py_tool.bundle.build import B24JSSDK_NAME


def wheel(directory: Path, name: str, metadata: str, **files: str) -> Path:
    path = directory / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}\n"
        )
        for file, text in files.items():
            archive.writestr(f"{name}-1.0.dist-info/{file.replace('__', '/')}", text)
    return path


def test_each_part_is_listed_with_version_licence_and_hash(tmp_path: Path) -> None:
    wheels = [
        wheel(tmp_path, "bells", "License-Expression: MIT OR Apache-2.0", licenses__LICENSE="Ring freely."),
        wheel(tmp_path, "old_horn", "License: BSD\nClassifier: License :: OSI Approved :: BSD License"),
        wheel(tmp_path, "mute", ""),
    ]
    made = inventory.files(wheels, [B24JSSDK_NAME, *phone.BUNDLED])
    sbom = json.loads(made[inventory.SBOM])
    parts = {each["name"]: each for each in sbom["components"]}
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert parts["bells"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert parts["bells"]["purl"] == "pkg:pypi/bells@1.0"
    assert len(parts["bells"]["hashes"][0]["content"]) == 64
    assert parts["old_horn"]["purl"] == "pkg:pypi/old-horn@1.0"
    assert "licenses" not in parts["mute"]
    assert parts["cpython"]["version"] == target.read().python
    assert {"pyodide", "@bitrix24/b24jssdk", "jssip"} <= parts.keys()
    refs = [each["bom-ref"] for each in sbom["components"]]
    assert sbom["dependencies"] == [{"ref": "bundle", "dependsOn": refs}]
    assert len(set(refs)) == len(refs)


def test_the_list_is_what_cyclonedxs_schema_wants(tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # takes a second, which each process would spend that collects tests
    from cyclonedx.validation.json import JsonStrictValidator

    wheels = [
        wheel(tmp_path, "bells", "License-Expression: MIT OR Apache-2.0"),
        wheel(tmp_path, "horn", "License-Expression: Apache-2.0 WITH LLVM-exception AND (MIT OR BSD-3-Clause)"),
        wheel(tmp_path, "old_horn", "License: BSD"),
        wheel(tmp_path, "worded", "License: Dual License: MIT and others"),
        wheel(tmp_path, "mute", ""),
    ]
    made = inventory.files(wheels, [B24JSSDK_NAME, *phone.BUNDLED])[inventory.SBOM].decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made.replace('"library"', '"book"')) is not None


def test_licences_are_told_in_full_where_packages_bring_them(tmp_path: Path) -> None:
    wheels = [
        wheel(tmp_path, "bells", "License-Expression: MIT", licenses__LICENSE="Ring freely.", NOTICE="Made of brass."),
        wheel(tmp_path, "mute", ""),
    ]
    text = inventory.files(wheels, ["jssip"])[inventory.LICENSES].decode()
    assert "bells 1.0: MIT\n\n" in text
    assert "Ring freely." in text
    assert "Made of brass." in text
    assert "mute 1.0: it does not say\n\nIts package brings no licence file." in text
    assert "cpython" in text
    assert "pyodide" in text
    assert "jssip" in text


def test_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    bells = wheel(tmp_path, "bells", "License-Expression: MIT")
    horn = wheel(tmp_path, "horn", "License-Expression: MIT")
    assert inventory.files([bells, horn], []) == inventory.files([horn, bells], [])
    assert inventory.files([bells], []) != inventory.files([horn], [])
