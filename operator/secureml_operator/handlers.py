"""The only place that knows kopf's handler signature; it passes events on and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kopf

from secureml_operator.kinds import GROUP, KINDS, VERSION

if TYPE_CHECKING:
    from secureml_operator.kinds import Kind
    from secureml_operator.kube import KubeCluster
    from secureml_operator.watch_handler import WatchHandler


def register(registry: kopf.OperatorRegistry, watch_handler: WatchHandler, cluster: KubeCluster) -> None:
    """Give kopf one event handler per kind, and our own way to sign in.

    `on.event` writes nothing to the objects and holds nothing per object. It is not retried when it
    raises, so all it calls is plain bookkeeping.
    """
    for kind in KINDS.values():
        _watch(registry, watch_handler, kind)
    _sign_in(registry, cluster)


def _watch(registry: kopf.OperatorRegistry, watch_handler: WatchHandler, kind: Kind) -> None:
    @kopf.on.event(GROUP, VERSION, kind.plural, registry=registry, id=f"watch-{kind.plural}")
    async def seen(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401  (kopf's signature)
        watch_handler.event(kind, event["type"], event["object"])


def _sign_in(registry: kopf.OperatorRegistry, cluster: KubeCluster) -> None:
    @kopf.on.login(registry=registry, id="sign-in", retries=5, backoff=2)
    async def login(**_: Any) -> kopf.ConnectionInfo:  # noqa: ANN401  (kopf's signature)
        # kopf's own logins read the configuration a second time, by another client library.
        scheme, _space, token = (await cluster.token() or "").partition(" ")
        configuration = cluster.configuration
        return kopf.ConnectionInfo(
            server=configuration.host,
            ca_path=configuration.ssl_ca_cert,
            ca_data=configuration.ca_cert_data,
            insecure=not configuration.verify_ssl,
            scheme=scheme if token else None,
            token=token or scheme or None,
            certificate_path=configuration.cert_file,
            private_key_path=configuration.key_file,
            username=configuration.username or None,
            password=configuration.password or None,
        )
