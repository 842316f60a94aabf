"""Sets of policies to compare: by name (a folder, a wheel, a version), on a day, or assumed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from zipfile import BadZipFile, ZipFile
from zipfile import Path as ZipPath

import yaml

from cpt77092.errors import PolicyError, UsageError, did_you_mean
from cpt77092.policies.load import ENDINGS, PACKAGED, lay_over, load_folders, load_policies
from cpt77092.policies.parameters import EARLIEST_YEAR, PARAMETERS
from cpt77092.policies.payer_names import require_payer
from cpt77092.policies.policy import DEFAULT, DatedValue, EntryKind, PolicySet, in_force
from cpt77092.policies.yaml_lines import parse
from cpt77092.reference.sources import Confidence

_ARCHIVES = frozenset({".whl", ".zip"})
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)")
_FOLDERS = ("_policies", "policies")
"""Where a wheel has them, in its package, and an archive of the source."""
_FORMS = "write a folder, a wheel (.whl or .zip), a version, packaged, or a date as YYYY-MM-DD"
_VALUE_FORM = "write PAYER.CODE.PARAMETER=VALUE, as in aetna.77092.modifier_26=not_allowed"


def load_named(name: str, version: str, user_folder: Path | None) -> PolicySet:
    """The policies that a name means.

    Args:
        name: `packaged` or this version for the policies of the program; a wheel, or a zip archive
            of the source, of another version; a folder with a complete set; or a folder of the
            user's own files, which are laid over the packaged ones.
        version: of this program.
        user_folder: files that are laid over a complete set.

    Raises:
        UsageError: nothing on this machine has the name.
        PolicyError: its files are wrong.
    """
    number = _VERSION.fullmatch(name)
    if name == PACKAGED or (number and number[1] == version):
        return load_policies(user_folder)
    path = Path(name)
    if number and not path.exists():
        path = _wheel_of(number[1])
    if path.is_dir():
        if is_complete(path):
            return load_folders(path, user_folder)
        return load_policies(path)
    if path.is_file() and path.suffix in _ARCHIVES:
        return _of_archive(path, user_folder)
    if path.exists():
        raise UsageError(f"{name}: neither a folder nor a wheel of a version; {_FORMS}")
    raise UsageError(f"{name}: no such folder or wheel; {_FORMS}")


def is_complete(folder: Traversable) -> bool:
    """Whether a folder holds all policies, and not only files to lay over the packaged ones."""
    return any(folder.joinpath(f"{DEFAULT}{ending}").is_file() for ending in ENDINGS)


def _wheel_of(version: str) -> Path:
    """The wheel of a version in the working folder: nothing is fetched."""
    for wheel in sorted(Path().glob(f"cpt77092-{version}-*.whl")):
        return wheel
    raise UsageError(
        f"{version}: the policies of this version are not on this machine; put its wheel, "
        f"cpt77092-{version}-py3-none-any.whl, in this folder, or name a wheel or a folder"
    )


def _of_archive(path: Path, user_folder: Path | None) -> PolicySet:
    """The complete set in a wheel or a zip archive of the source, as its version trusted it."""
    try:
        with ZipFile(path) as archive:
            root = ZipPath(archive)
            tops = [root, *(top for top in root.iterdir() if top.is_dir())]
            folders = [top.joinpath(name) for top in tops for name in _FOLDERS]
            for folder in filter(is_complete, folders):
                loaded = load_folders(folder, user_folder, trust_base=True)
                return replace(loaded, origin=(path.name, *loaded.origin[1:]))
    except (BadZipFile, OSError, NotImplementedError, RuntimeError) as problem:
        raise UsageError(f"{path}: cannot be read ({problem})") from None
    raise UsageError(f"{path}: holds no policies; name the wheel of a version")


def frozen_on(policies: PolicySet, day: date) -> PolicySet:
    """The policies as if what is in force on a day had always been, and nothing else."""
    first_day = date(EARLIEST_YEAR, 1, 1)

    def frozen(entries: tuple[DatedValue, ...]) -> tuple[DatedValue, ...]:
        entry = in_force(entries, day)
        if entry is None:  # before the first day nothing is checked, as after an end
            entry = replace(entries[0], kind=EntryKind.ENDED, value=None)
        return (replace(entry, first_day=first_day),)

    changed = {
        key: replace(policy, values={k: frozen(entries) for k, entries in policy.values.items()})
        for key, policy in policies.policies.items()
    }
    return replace(policies, policies=changed)


def assume(policies: PolicySet, text: str) -> tuple[PolicySet, str]:
    """The policies with one value in force on all dates, and the key of the payer that has it.

    It is laid over them in memory, as firm as one that was read, and never written.

    Args:
        policies: what the value is laid over.
        text: `PAYER.CODE.PARAMETER=VALUE`; the code may be a group of codes, the value is written
            as policy files write it.

    Raises:
        UsageError: the text has another form, or names something unknown.
    """
    name, _, value = text.partition("=")
    parts = [part.strip() for part in name.rsplit(".", 2)]
    if len(parts) != 3 or not all(parts) or not value.strip():
        raise UsageError(f"--set {text}: {_VALUE_FORM}")
    payer, (_, code, parameter) = require_payer(policies, parts[0]), parts
    if parameter not in PARAMETERS:
        hint = did_you_mean(parameter, sorted(PARAMETERS))
        raise UsageError(f"--set {text}: {parameter!r} is not a parameter we know{hint}")
    source = {"title": "Assumed with --set", "confidence": Confidence.PRIMARY.value}
    tree = {"payer": payer, "sources": {"assumed": source}}
    first_day = policies.change_dates()[0].isoformat()
    try:
        entry = {"value": parse(value)[0], "source": "assumed"}
        tree["codes"] = {code: {parameter: {first_day: entry}}}
        return lay_over(policies, payer, yaml.safe_dump(tree)), payer
    except yaml.YAMLError:
        raise UsageError(f"--set {text}: the value is not written as policy files do") from None
    except PolicyError as problem:
        reasons = "; ".join(dict.fromkeys(one.text for one in problem.problems))
        raise UsageError(f"--set {text}: {reasons}") from None
