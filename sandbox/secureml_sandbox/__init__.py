"""A cloud and a cluster on one machine: etcd, kube-apiserver, the Azure stand-in and the operator.

What belongs here: starting, watching and stopping those processes, what they are configured with, the
landscapes that are loaded into them, and the demo. Nothing here is part of the operator's wheel, and the
operator never imports it.
"""
