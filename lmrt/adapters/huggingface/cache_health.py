"""Whether the Hugging Face cache can take downloads, and whether what is in it is whole."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from lmrt.domain.remedies import Remedy
from lmrt.domain.remedies_hub import (
    BrokenCacheLinks,
    CacheDiskFull,
    CacheElsewhere,
    CacheUnwritable,
)

_LEAST_FREE = 2 * 2**30
"""Bytes: about what a small model takes."""

_MOST_ENTRIES = 20_000
"""Names that are looked at in a cache: some hundred models."""

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "fuse.sshfs"})

Mount = tuple[str, str]
"""Where a file system is mounted, and its kind."""


def system_mounts() -> Sequence[Mount]:
    """Return the mounted file systems, by psutil."""
    import psutil

    return [(one.mountpoint, one.fstype) for one in psutil.disk_partitions(all=True)]


@frozen
class CacheCheck:
    """`HealthCheck` of the cache; it writes nothing.

    Attributes:
        cache: The cache's folder, whether or not it exists.
        home: The user's home folder.
        usual: Whether the cache is where it is by default, not where the user put it.
        mounts: Tells the mounted file systems.
    """

    cache: Path
    home: Path
    usual: bool
    mounts: Callable[[], Sequence[Mount]] = system_mounts

    def findings(self) -> tuple[Remedy, ...]:
        """Return what is wrong with it."""
        try:
            return tuple(self._found())
        except OSError as error:
            return (CacheUnwritable(self.cache, error.strerror or str(error)),)

    def _found(self) -> Iterator[Remedy]:
        existing = next(place for place in (self.cache, *self.cache.parents) if place.exists())
        if not existing.is_dir():
            yield CacheUnwritable(self.cache, f"`{existing}` is no folder")
            return
        if not os.access(existing, os.W_OK | os.X_OK):
            yield CacheUnwritable(self.cache, f"`{existing}` is read-only")
        free = shutil.disk_usage(existing).free
        if free < _LEAST_FREE:
            yield CacheDiskFull(self.cache, free)
        yield from self._elsewhere(existing)
        broken = list(_broken_links(self.cache))
        if broken:
            yield BrokenCacheLinks(len(broken), broken[0])

    def _elsewhere(self, existing: Path) -> Iterator[Remedy]:
        kind = _kind_of(existing, self.mounts())
        if kind in _IN_MEMORY:
            effect = "it takes main memory, and a restart empties it"
            yield CacheElsewhere(self.cache, f"{kind}, a disk in memory", effect)
        elif kind in _REMOTE:
            effect = "models load slowly over the network, and locks may not work"
            yield CacheElsewhere(self.cache, f"{kind}, a network drive", effect)
        elif self.usual and self.home.is_dir() and _on_other_disks(existing, self.home):
            effect = "it is where it is by default, but the room there counts, not at home"
            yield CacheElsewhere(self.cache, "another disk than your home folder", effect)


def _on_other_disks(one: Path, other: Path) -> bool:
    return one.stat().st_dev != other.stat().st_dev


def _kind_of(place: Path, mounts: Sequence[Mount]) -> str | None:
    resolved = place.resolve()
    holding = [mount for mount in mounts if resolved.is_relative_to(mount[0])]
    # The last one mounted at a place is the one that is seen.
    deepest = max(enumerate(holding), key=lambda one: (len(one[1][0]), one[0]), default=None)
    return None if deepest is None else deepest[1][1]


def _broken_links(cache: Path) -> Iterator[Path]:
    seen = 0
    for repository in sorted(cache.glob("models--*")):
        for folder, _, files in os.walk(repository / "snapshots"):
            for name in files:
                seen += 1
                if seen > _MOST_ENTRIES:
                    return
                path = Path(folder, name)
                if path.is_symlink() and not path.exists():
                    yield path
