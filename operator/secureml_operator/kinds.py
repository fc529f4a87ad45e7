"""The custom resources served, and the words this operator writes on them."""

from __future__ import annotations

from dataclasses import dataclass

GROUP = "secureml.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FINALIZER = f"{GROUP}/finalizer"
"""Holds a deleted resource back until its reconciler says that nothing of it is left outside Kubernetes."""

FIELD_MANAGER = "secureml-operator"
"""Owner of every status field we write, as `kubectl get --show-managed-fields` shows it."""

PAUSED_ANNOTATION = f"{GROUP}/paused"
"""Anything but `"false"` stops all writes for a resource until the annotation goes, except its deletion's."""

RECONCILE_AT_ANNOTATION = f"{GROUP}/reconcile-at"
"""Any change of this value asks for a pass now; a time of day reads best."""

DIAGNOSE_AT_ANNOTATION = f"{GROUP}/diagnose-at"
"""Any change of this value has Azure look for faults by itself; a time of day reads best."""

WAKING_ANNOTATIONS = (PAUSED_ANNOTATION, RECONCILE_AT_ANNOTATION, DIAGNOSE_AT_ANNOTATION)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of custom resource: its name in manifests and its name in URLs."""

    name: str
    plural: str

    @property
    def controller(self) -> str:
        """Give the value of the `controller` label in metrics (lower case, as controller-runtime has it)."""
        return self.name.lower()


SECURE_WORKSPACE = Kind("SecureWorkspace", "secureworkspaces")
SECURE_COMPUTE = Kind("SecureCompute", "securecomputes")
SECURE_INFERENCE_CLUSTER = Kind("SecureInferenceCluster", "secureinferenceclusters")

KINDS = {kind.name: kind for kind in (SECURE_WORKSPACE, SECURE_COMPUTE, SECURE_INFERENCE_CLUSTER)}
