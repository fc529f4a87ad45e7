"""How the three kinds behave on a real API server, beside what they admit."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.e2e.crd_rows import FOLDER, Resource

from secureml_reconcilers.api.kinds import KINDS, Kind
from secureml_sandbox.controlplane import KubectlError
from secureml_sandbox.paths import CRDS

if TYPE_CHECKING:
    from secureml_sandbox.controlplane import ControlPlane

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)

WIDEST = 160
"""Columns of a terminal into which `kubectl get -o wide` fits."""

CONDITION = {
    "type": "Ready",
    "status": "False",
    "reason": "Progressing",
    "message": "two private endpoints are being created",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "observedGeneration": 1,
}


PUBLISHED_WITHIN_SECONDS = 30.0
"""Discovery and documentation follow a CRD's Established by about a second."""


@pytest.fixture(autouse=True, scope="module")
def _published(control_plane: ControlPlane) -> None:
    """Wait until kubectl can find and explain every kind."""
    deadline = time.monotonic() + PUBLISHED_WITHIN_SECONDS
    waiting = [f"{kind.singular}.status" for kind in KINDS]  # a short name is looked up in a stale cache only
    while waiting:
        try:
            control_plane.kubectl("explain", waiting[0])
            waiting.pop(0)
        except KubectlError as unknown:
            if time.monotonic() > deadline:
                pytest.fail(f"not published within {PUBLISHED_WITHIN_SECONDS} s: {unknown}")
            time.sleep(0.2)


def _base(kind: Kind) -> Resource:
    table = yaml.safe_load((FOLDER / f"{kind.singular}.yaml").read_text(encoding="utf-8"))
    base: Resource = table["base"]
    return base


def _create(api: ControlPlane, namespace: str, kind: Kind) -> str:
    base = _base(kind)
    api.kubectl("create", f"--namespace={namespace}", "--filename=-", stdin=json.dumps(base))
    return f"{kind.singular}/{base['metadata']['name']}"


@each_kind
def test_status_says_unseen_right_after_create(control_plane: ControlPlane, namespace: str, kind: Kind) -> None:
    """Tools that follow kstatus would take a resource without status for finished."""
    name = _create(control_plane, namespace, kind)
    assert control_plane.get(name, f"--namespace={namespace}")["status"] == {"observedGeneration": -1}


@each_kind
def test_a_small_resource_is_stored_small(control_plane: ControlPlane, namespace: str, kind: Kind) -> None:
    """Blocks that were left out stay out, so that people read back what they wrote."""
    name = _create(control_plane, namespace, kind)
    stored = control_plane.get(name, f"--namespace={namespace}")["spec"]
    policies = {"mode": "Enforce", "deletionPolicy": "Retain", "adoption": "Refuse"}
    switches = {
        "advice",
        "legacyEditionChecks",
        "sharedServices",
        "recreate",
        "grantRoles",
        "requirePrivateCluster",
        "type",
    }
    assert stored.keys() - policies.keys() - switches == _base(kind)["spec"].keys() - {"type"}
    assert policies.items() <= stored.items()


@each_kind
def test_writing_status_is_no_new_generation(control_plane: ControlPlane, namespace: str, kind: Kind) -> None:
    """Status is a subresource: the operator's reports never look like a change of the spec."""
    name = _create(control_plane, namespace, kind)
    base = _base(kind)
    document = {
        "apiVersion": base["apiVersion"],
        "kind": base["kind"],
        "metadata": base["metadata"],
        "status": {"observedGeneration": 1, "conditions": [CONDITION]},
    }
    control_plane.kubectl(
        "apply",
        "--server-side",
        "--subresource=status",
        "--field-manager=secureml-operator",
        f"--namespace={namespace}",
        "--filename=-",
        stdin=json.dumps(document),
    )
    seen = control_plane.get(name, f"--namespace={namespace}")
    assert seen["metadata"]["generation"] == 1
    assert seen["status"] == {"observedGeneration": 1, "conditions": [CONDITION]}

    wide = control_plane.kubectl("get", name, f"--namespace={namespace}", "--output=wide").splitlines()
    assert wide[0].split()[:3] == ["NAME", "READY", "REASON"]
    assert wide[1].split()[1:3] == ["False", "Progressing"]
    assert max(map(len, wide)) <= WIDEST
    narrow = control_plane.kubectl("get", name, f"--namespace={namespace}")
    assert "AGE" in narrow
    assert "PERMITTED" not in narrow


@each_kind
def test_two_conditions_of_one_type_are_refused(control_plane: ControlPlane, namespace: str, kind: Kind) -> None:
    """Conditions are a map by type."""
    name = _create(control_plane, namespace, kind)
    patch = json.dumps({"status": {"conditions": [CONDITION, CONDITION]}})
    with pytest.raises(KubectlError, match=r"status\.conditions\[1\]: Duplicate value"):
        control_plane.kubectl(
            "patch",
            name,
            f"--namespace={namespace}",
            "--subresource=status",
            "--type=merge",
            f"--patch={patch}",
        )


@each_kind
@pytest.mark.parametrize("server_side", [False, True], ids=["client-side", "server-side"])
def test_apply_refuses_an_unknown_field(
    control_plane: ControlPlane,
    kind: Kind,
    server_side: bool,  # noqa: FBT001 (a parameter of the test, not a switch)
) -> None:
    """A misspelt field would otherwise be dropped in silence, and the default kept."""
    document = _base(kind)
    document["spec"]["publicNetworkAccess"] = "Disabled"
    with pytest.raises(KubectlError, match=r"(unknown field|field not declared).*|\.spec\.publicNetworkAccess"):
        control_plane.kubectl(
            "apply",
            f"--server-side={json.dumps(server_side)}",
            "--dry-run=server",
            "--filename=-",
            stdin=json.dumps(document),
        )


@each_kind
def test_short_names_find_the_kind(control_plane: ControlPlane, namespace: str, kind: Kind) -> None:
    """`kubectl get sws` and `kubectl get secureml` work, and no built-in kind has the name already."""
    _create(control_plane, namespace, kind)
    name = _base(kind)["metadata"]["name"]
    for word in (kind.short_name, kind.plural, "secureml"):
        assert name in control_plane.kubectl("get", word, f"--namespace={namespace}")


EXPLAINED = [
    pytest.param("secureworkspace", "isolation is declared here", id="the kind says what it is for"),
    pytest.param(
        "secureworkspace.spec.network",
        "all private endpoints are created; immutable",
        id="a block shows its fields",
    ),
    pytest.param("sws.spec.storage.subResources", "ST-PE-03", id="a field names its rules"),
    pytest.param("sws.spec.dns.mode", "ENUM: Managed Existing None", id="an enum shows its values"),
    pytest.param(
        "sws.spec.containerRegistry.upgradeToPremium", "Billable, so default false", id="a cost is called one"
    ),
    pytest.param("sws.status.dnsRecords", "DNS server of your own (DNS-01)", id="status is explained too"),
    pytest.param("scmp.spec.amlCompute.noPublicIP", "CMP-NPIP-02", id="a compute block is explained"),
    pytest.param("sic.spec.loadBalancer.type", "AKS-RBAC-01", id="a cluster block is explained"),
]


@pytest.mark.parametrize(("path", "words"), EXPLAINED)
def test_explain_teaches(control_plane: ControlPlane, path: str, words: str) -> None:
    """`kubectl explain` is the reference that is always at hand."""
    assert words in " ".join(control_plane.kubectl("explain", path).split())


@each_kind
def test_client_side_apply_takes_the_crd(control_plane: ControlPlane, kind: Kind) -> None:
    """It keeps the whole CRD in an annotation, which fails for those that grew too large."""
    file = CRDS / f"secureml.dev_{kind.plural}.yaml"
    control_plane.kubectl("apply", "--server-side=false", "--dry-run=server", f"--filename={file}")


@each_kind
def test_the_schema_is_structural(control_plane: ControlPlane, kind: Kind) -> None:
    """The API server itself finds nothing to complain of in what it stored."""
    conditions = control_plane.get("customresourcedefinition", kind.crd_name)["status"]["conditions"]
    assert {c["type"]: c["status"] for c in conditions if c["type"] != "NonStructuralSchema"} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert [c for c in conditions if c["type"] == "NonStructuralSchema"] == []
