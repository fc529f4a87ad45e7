"""A kube-apiserver, the emulator and the operator on one machine; landscapes; the demo."""
