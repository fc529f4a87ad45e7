"""The official envtest archive, as controller-runtime's own setup-envtest fetches it."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
import urllib.error
import urllib.request
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INDEX = "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"

INDEX_SECONDS = 8.0
"""For the whole answer, name resolution included: a firewall that drops packets must not cost minutes."""

ARCHIVE_SECONDS = 180.0
"""For about 60 MB; a slower line does better to build."""


class DownloadError(Exception):
    """The archive is not to be had, or is not what its index says."""


def download(folder: Path, version: str, system: str, architecture: str, progress: Callable[[str], None]) -> None:
    """Put the archive's binaries of `version`, or of the newest patch of its minor, into `folder`.

    Raises:
        DownloadError: no way out, no such archive, a wrong sha512 or an archive without the binaries.
    """
    releases = yaml.safe_load(_fetch(INDEX, INDEX_SECONDS)).get("releases", {})
    name, entry = choose(releases, version, system, architecture)
    progress(f"downloading {name}")
    content = _fetch(entry["selfLink"], ARCHIVE_SECONDS)
    if hashlib.sha512(content).hexdigest() != entry["hash"]:
        raise DownloadError(f"{name} does not have the sha512 that its index publishes")
    unpack(content, folder)


def choose(releases: dict[str, Any], version: str, system: str, architecture: str) -> tuple[str, dict[str, str]]:
    """Choose the archive of exactly `version`, else of the newest patch release of the same minor.

    Raises:
        DownloadError: the index has no release of that minor for this machine.
    """
    minor = version.rsplit(".", 1)[0] + "."
    patches = [each for each in releases if re.fullmatch(re.escape(minor) + r"\d+", each)]
    patches.sort(key=lambda each: (each == version, int(each.removeprefix(minor))), reverse=True)
    for each in patches:
        name = f"envtest-{each}-{system}-{architecture}.tar.gz"
        if name in releases[each]:
            return name, releases[each][name]
    raise DownloadError(f"the index has no {minor}x for {system}-{architecture}")


def unpack(content: bytes, folder: Path) -> None:
    """Write the archive's three binaries into `folder`, by base name: paths inside it are not trusted.

    Raises:
        DownloadError: the content is no gzipped tar, or lacks one of them.
    """
    wanted = {"etcd", "kube-apiserver", "kubectl"}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for member in archive:
                base = PurePosixPath(member.name).name
                source = archive.extractfile(member) if member.isfile() and base in wanted else None
                if source is not None:
                    (folder / base).write_bytes(source.read())
                    (folder / base).chmod(0o755)
                    wanted.remove(base)
    except tarfile.TarError as problem:
        raise DownloadError(f"the archive cannot be read: {problem}") from problem
    if wanted:
        raise DownloadError(f"the archive lacks {', '.join(sorted(wanted))}")


def _fetch(url: str, seconds: float) -> bytes:
    """Read `url` within `seconds` in all.

    A thread of its own keeps the deadline: a socket's timeout covers neither name resolution nor a server
    that trickles.
    """
    outcome: list[bytes | Exception] = []

    def read() -> None:
        try:
            with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310 - https, from constants
                outcome.append(answer.read())
        except (OSError, ValueError, urllib.error.URLError) as problem:
            outcome.append(problem)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise DownloadError(f"no answer within {seconds:.0f} s")
    if isinstance(outcome[0], Exception):
        raise DownloadError(str(outcome[0])) from outcome[0]
    return outcome[0]
