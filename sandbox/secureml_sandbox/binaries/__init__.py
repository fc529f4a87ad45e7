"""kube-apiserver, etcd and kubectl: found, downloaded or built, in this order.

1. `KUBEBUILDER_ASSETS`, the variable that envtest users know. 2. The cache. 3. The official envtest
archive, checked against its published sha512. 4. A build from `sandbox/controlplane/go.mod`, which needs
only the Go module proxy. Whatever 3 or 4 make goes into the cache in one rename.
"""

from secureml_sandbox.binaries.find import BinariesUnavailableError, control_plane_binaries

__all__ = ["BinariesUnavailableError", "control_plane_binaries"]
