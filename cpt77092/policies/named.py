"""Sets of policies by name: a folder, the wheel of a version, this version's, or a day of a set."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from zipfile import BadZipFile, ZipFile
from zipfile import Path as ZipPath

from cpt77092.errors import UsageError
from cpt77092.policies.load import ENDINGS, PACKAGED, load_folders, load_policies
from cpt77092.policies.parameters import EARLIEST_YEAR
from cpt77092.policies.policy import DEFAULT, DatedValue, EntryKind, PolicySet, in_force

_ARCHIVES = frozenset({".whl", ".zip"})
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)")
_FOLDERS = ("_policies", "policies")
"""Where a wheel has them, in its package, and an archive of the source."""
_FORMS = "write a folder, a wheel (.whl or .zip), a version, packaged, or a date as YYYY-MM-DD"


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
