"""Where the control plane's binaries come from."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from typing import TYPE_CHECKING, Any

import pytest

from secureml_sandbox.binaries import envtest, find
from secureml_sandbox.paths import CONTROL_PLANE_MODULE

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {"hash": "", "selfLink": "https://archive.invalid"}


def index(*versions: str) -> dict[str, Any]:
    """Build the index of those releases for one machine, in the shape of controller-tools' own."""
    return {each: {f"envtest-{each}-linux-amd64.tar.gz": ENTRY} for each in versions}


@pytest.mark.parametrize(
    ("releases", "chosen"),
    [
        pytest.param(index("v1.36.2", "v1.36.3", "v1.36.10"), "v1.36.3", id="exactly the pinned one"),
        pytest.param(index("v1.36.2", "v1.36.10", "v1.37.0"), "v1.36.10", id="else the minor's newest patch"),
        pytest.param(index("v1.36.0-rc.1", "v1.36.1"), "v1.36.1", id="no pre-release"),
        pytest.param(index("v1.35.9", "v1.37.0"), None, id="no other minor"),
        pytest.param({"v1.36.3": {"envtest-v1.36.3-darwin-arm64.tar.gz": ENTRY}}, None, id="no other machine"),
    ],
)
def test_the_archive_of_the_pinned_minor_is_chosen(releases: dict[str, Any], chosen: str | None) -> None:
    """The pinned version, else another patch of its minor, else none at all."""
    if chosen is None:
        with pytest.raises(envtest.DownloadError):
            envtest.choose(releases, "v1.36.3", "linux", "amd64")
    else:
        name, _ = envtest.choose(releases, "v1.36.3", "linux", "amd64")
        assert name == f"envtest-{chosen}-linux-amd64.tar.gz"


def archive(*members: str) -> bytes:
    """Build a gzipped tar whose members hold their own names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as target:
        for name in members:
            info = tarfile.TarInfo(name)
            info.size = len(name)
            target.addfile(info, io.BytesIO(name.encode()))
    return buffer.getvalue()


def test_only_the_three_binaries_leave_the_archive_and_none_its_folder(tmp_path: Path) -> None:
    """Paths inside a downloaded archive are not trusted."""
    envtest.unpack(archive("a/etcd", "../kube-apiserver", "/x/kubectl", "../evil"), tmp_path / "")
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["etcd", "kube-apiserver", "kubectl"]
    assert not (tmp_path.parent / "evil").exists()


def test_an_archive_without_a_binary_is_refused(tmp_path: Path) -> None:
    """Half a control plane must not get into the cache."""
    with pytest.raises(envtest.DownloadError, match="lacks kubectl"):
        envtest.unpack(archive("a/etcd", "a/kube-apiserver"), tmp_path)


def test_an_archive_with_another_sha512_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is fetched over TLS from the project's own repository; the archive must match it."""
    name = "envtest-v1.36.3-linux-amd64.tar.gz"
    hashed = hashlib.sha512(b"something else").hexdigest()
    text = f"releases: {{v1.36.3: {{{name}: {{hash: '{hashed}', selfLink: 'https://archive.invalid'}}}}}}"
    answers = {envtest.INDEX: text.encode(), "https://archive.invalid": archive("etcd")}
    monkeypatch.setattr(envtest, "_fetch", lambda url, _seconds: answers[url])
    with pytest.raises(envtest.DownloadError, match="sha512"):
        envtest.download(tmp_path, "v1.36.3", "linux", "amd64", print)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_never_answers_costs_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall that drops packets must not hold up the first `make test`."""

    def silent(*_: object, **__: object) -> None:
        time.sleep(1)
        raise OSError

    monkeypatch.setattr(envtest.urllib.request, "urlopen", silent)
    began = time.monotonic()
    with pytest.raises(envtest.DownloadError, match="no answer within"):
        envtest._fetch("https://archive.invalid", 0.1)
    assert time.monotonic() - began < 1


def test_given_binaries_win_and_must_be_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBEBUILDER_ASSETS goes before everything; a missing file is named."""
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    for name in ("etcd", "kubectl"):
        (tmp_path / name).touch()
    with pytest.raises(find.BinariesUnavailableError, match="holds no kube-apiserver"):
        find.control_plane_binaries(print)
    (tmp_path / "kube-apiserver").touch()
    assert find.control_plane_binaries(print) == tmp_path


def test_every_staging_module_has_the_version_of_kubernetes() -> None:
    """An upgrade that forgets one of the replacements would build a control plane of two versions."""
    go_mod = (CONTROL_PLANE_MODULE / "go.mod").read_text(encoding="utf-8")
    wanted = find.kubernetes_version(go_mod).replace("v1.", "v0.")
    replaced = [line.split() for line in go_mod.splitlines() if " => " in line]
    assert replaced
    assert [line for line in replaced if line[-1] != wanted] == []
