"""The workers: take a key, run a pass, decide when the key comes back."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from secureml_operator.cluster import ClusterError, ConflictError
from secureml_operator.failed_passes import PassCutOffError
from secureml_operator.queue import QueueClosedError
from secureml_operator.status_writer import StatusTakenError
from secureml_operator.telemetry.context import bound

if TYPE_CHECKING:
    from secureml_operator.backoff import Backoff, Resync
    from secureml_operator.clock import Clock
    from secureml_operator.controller import Controller, Requeue
    from secureml_operator.failed_passes import FailedPasses
    from secureml_operator.queue import DelayQueue
    from secureml_operator.telemetry.metrics import Metrics, Result
    from secureml_reconcilers.engine.contract import Key

logger = logging.getLogger(__name__)

LONGEST_PASS = timedelta(minutes=5)
"""A pass never waits for a long-running operation, so one this long hangs. Cutting it off is safe: all it
did outside was announced first. Far above a pass that meets throttling, far below a person's patience."""


class Workers:
    """A fixed number of tasks over one queue."""

    def __init__(  # noqa: PLR0913  (the collaborators of the loop)
        self,
        queue: DelayQueue[Key],
        controller: Controller,
        failed_passes: FailedPasses,
        *,
        backoff: Backoff[Key],
        resync: Resync,
        metrics: Metrics,
        clock: Clock,
        longest_pass: timedelta = LONGEST_PASS,
    ) -> None:
        self._queue = queue
        self._controller = controller
        self._failed_passes = failed_passes
        self._backoff = backoff
        self._resync = resync
        self._metrics = metrics
        self._clock = clock
        self._longest_pass = longest_pass
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, count: int) -> None:
        """Start `count` workers on the running loop."""
        self._tasks = [
            asyncio.create_task(self._work(), name=f"secureml worker {number}") for number in range(count)
        ]

    def alive(self) -> bool:
        """Say whether every worker runs; one that ended before `stop` has met a bug of this module."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def stop(self, patience: timedelta) -> bool:
        """Take no more keys, let passes in flight end; after `patience` cut them off and say False."""
        self._queue.close()
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._queue.drained()
        except TimeoutError:
            logger.warning("Passes did not end within %.0f s and are cut off", patience.total_seconds())
        # A worker without a key ends by itself in a moment: only then does it not count as cut off.
        _, cut_off = await asyncio.wait(self._tasks, timeout=0.1) if self._tasks else ((), set())
        for task in cut_off:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return not cut_off

    async def _work(self) -> None:
        while True:
            try:
                key = await self._queue.take()
            except QueueClosedError:
                return
            try:
                with bound(
                    kind=key.kind, namespace=key.namespace, name=key.name, reconcileID=uuid.uuid4().hex[:12]
                ):
                    await self._process(key)
            finally:
                self._queue.done(key)

    async def _process(self, key: Key) -> None:
        began = self._clock.time()
        self._metrics.pass_began(key)
        result: Result = "error"
        try:
            result = await self._run(key)
        finally:
            self._metrics.pass_ended(key, result, self._clock.time() - began)

    async def _run(self, key: Key) -> Result:
        try:
            requeue = await self._bounded(key)
        except (ConflictError, StatusTakenError) as conflict:
            # Somebody else was faster; that is no failure, and the next pass starts from what they wrote.
            logger.info("Starting over: %s", conflict)
            self._queue.add_after(key, self._backoff.failed(key))
            return "requeue"
        except ClusterError as failure:
            logger.warning("The Kubernetes API server: %s: %s", type(failure).__name__, failure)
            self._queue.add_after(key, self._backoff.failed(key))
            return "error"
        except Exception as crash:  # noqa: BLE001  (a bug anywhere below must not end a worker)
            await self._report_crash(key, crash)
            return "error"
        self._backoff.succeeded(key)
        self._failed_passes.succeeded(key)
        return self._come_back(key, requeue)

    async def _bounded(self, key: Key) -> Requeue:
        """Run one pass, and cut off one that hangs.

        Raises:
            PassCutOffError: it took longer than the longest pass allowed.
            Exception: see `Controller.reconcile`.
        """
        try:
            async with asyncio.timeout(self._longest_pass.total_seconds()) as limit:
                return await self._controller.reconcile(key)
        except TimeoutError as timeout:
            if not limit.expired():
                raise  # the reconciler's own, from something it waited for
            raise PassCutOffError(f"longer than {self._longest_pass}") from timeout

    def _come_back(self, key: Key, requeue: Requeue) -> Result:
        if not requeue.resync:
            self._queue.discard(key)
            return "success"
        self._queue.add_after(key, self._resync.next(requeue.after))
        return "success" if requeue.after is None else "requeue_after"

    async def _report_crash(self, key: Key, crash: Exception) -> None:
        """Log it, retry with backoff, and tell the resource's owner."""
        delay = self._backoff.failed(key)
        logger.error("A pass failed; it is repeated in %.0f s", delay.total_seconds(), exc_info=crash)
        self._queue.add_after(key, delay)
        await self._failed_passes.failed(key, crash)
