"""The variables with which a shell and the operator find a sandbox."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from secureml_sandbox import environment
from secureml_sandbox.paths import sandbox_folder


def test_a_shell_reads_values_exactly_and_finds_our_binaries_first(tmp_path: Path) -> None:
    """Secrets hold what shells treat specially; the user's own PATH stays behind ours."""
    (tmp_path / "env").write_text(
        environment.script({"SECRET": 'a\'b $HOME "c" `d`'}, [Path("/with space"), Path("/bin/x")]),
        encoding="utf-8",
    )
    shown = subprocess.run(
        ["/bin/sh", "-c", '. ./env; printf "%s\\n" "$SECRET" "$PATH"'],
        cwd=tmp_path,
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.splitlines() == ['a\'b $HOME "c" `d`', "/with space:/bin/x:/usr/bin"]


def test_the_bundle_trusts_the_company_and_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy its roots must stay, or nothing else is reachable from that shell."""
    company, ours = tmp_path / "company.pem", tmp_path / "ca.pem"
    company.write_text("company", encoding="utf-8")
    ours.write_text("ours", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(company))
    assert environment.write_bundle(tmp_path / "up", ours).read_text(encoding="utf-8") == "ours\ncompany"


def test_an_earlier_sandboxs_bundle_is_not_trusted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make up` in a shell that has read `.sandbox/env` must not pile up dead authorities."""
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    earlier, ours = tmp_path / ".sandbox" / "trust.pem", tmp_path / "ca.pem"
    earlier.parent.mkdir()
    earlier.write_text("earlier", encoding="utf-8")
    ours.write_text("ours", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(earlier))
    assert "earlier" not in environment.write_bundle(tmp_path / "up", ours).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["../x", "A", "a/b", "-x", "x" * 32, "a b"])
def test_a_sandbox_cannot_leave_the_checkout(name: str) -> None:
    """The name becomes part of a folder that is emptied at `make up`."""
    with pytest.raises(ValueError, match="SANDBOX="):
        sandbox_folder(name)
