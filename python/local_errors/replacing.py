"""Files and folders that appear whole, in place of older ones."""

from __future__ import annotations

import json
import os
import re
import tempfile

FAMILY = "local-errors/model/"
FILE = re.compile(r"model\.json|history\.jsonl|[wbrc][1-9][0-9]*\.npy")
SNAPSHOT = re.compile(r"epoch-(0|[1-9][0-9]*)")


def check_target(directory: str, target: str) -> None:
    """Refuse a place where no network can be, or where something else is."""
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise ValueError(f"{directory}: its folder {parent} does not exist")
    if os.path.lexists(target) and os.listdir(target):
        found = foreign(target)
        if found:
            raise ValueError(
                f"{directory}: would replace a folder that holds something else (found {found}): name another folder"
            )
        for folder, _, files in os.walk(target):
            for path in [folder, *(f"{folder}/{name}" for name in files)]:
                check_writable(directory, path)


def check_writable(name: str, path: str) -> None:
    """Refuse to replace what may not be written, as cp does."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise ValueError(f"{name}: may not be written ({path} is closed to writing)")


def foreign(directory: str, snapshots: bool = True) -> str | None:
    """What a folder holds besides a network and its snapshots, in words; None if that is all."""
    with os.scandir(directory) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not (snapshots and SNAPSHOT.fullmatch(entry.name)):
                return entry.name
            inside = foreign(entry.path, snapshots=False) if os.listdir(entry.path) else None
            if inside:
                return f"{inside} in {entry.name}"
        elif not FILE.fullmatch(entry.name):
            return entry.name
        elif not entry.is_file(follow_symlinks=False):
            return f"{entry.name}, which is not a regular file"
    if not os.path.exists(f"{directory}/model.json"):
        return "no model.json"
    try:
        with open(f"{directory}/model.json", "rb") as file:
            ours = json.loads(file.read(1 << 20))["schema"].startswith(FAMILY)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        ours = False
    return None if ours else f"a model.json without the schema {FAMILY}N"


def beside(target: str) -> str:
    """A temporary folder beside a target."""
    parent, name = os.path.split(target)
    # A name may have 255 bytes; 30 characters have at most 120.
    return tempfile.mkdtemp(prefix=f".{name[:30]}.", suffix=".tmp", dir=parent)


def settle(folder: str) -> None:
    """Write the files of a folder to the disk, so that a power cut cannot lose them."""
    for path in [*(f"{folder}/{name}" for name in os.listdir(folder)), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def take_over(old: str, new: str) -> None:
    """Give a new file or folder the mode of the old one, and its owner if that is allowed."""
    if not os.path.exists(old):
        return
    if os.path.isdir(new):
        for name in os.listdir(new):
            take_over(f"{old}/{name}", f"{new}/{name}")
    there = os.stat(old)
    mode = there.st_mode & 0o7777
    for owner in (there.st_uid, -1):
        try:
            os.chown(new, owner, there.st_gid)
            break
        except OSError:
            pass
    if os.stat(new).st_gid != there.st_gid:
        # If the group could not be kept, another group must not get its rights: it gets those of others.
        mode = mode & ~0o070 | (mode & 0o007) << 3
    os.chmod(new, mode)


def replace(new: str, target: str, old: str) -> None:
    """Put a folder in the place of another. If that fails, the other is put back."""
    try:
        if os.path.exists(target):
            os.rename(target, old)
        os.rename(new, target)
    except BaseException:
        if os.path.exists(old):
            os.rename(old, target)
        raise
