"""`/metrics`: figures for Prometheus; no address, name or id is in any label."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

import postwarden
from postwarden.dialects.kit.application import App, Handler
from postwarden.dialects.kit.asgi import Answer
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.routing import Routes
from postwarden.dialects.native.envelope import problem
from postwarden.dialects.native.house import House
from postwarden.model.permissions import Permission
from postwarden.model.tasks import TaskState
from postwarden.services import access
from postwarden.services.ports import UnitOfWork
from postwarden.services.tasks import LAST

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MOST = 1000  # tasks under way that are counted
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)


class Metrics:
    """What one process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("postwarden_build", "What runs.", registry=self.registry).info(
            {"version": postwarden.__version__}
        )
        self._requests = Counter(
            "postwarden_http_requests",
            "Requests by what became of them.",
            ["dialect", "method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "postwarden_http_request_seconds",
            "Time until an answer begins.",
            ["dialect"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            "postwarden_http_authentication_failures",
            "Requests with no key, or one that opens nothing.",
            ["dialect"],
            registry=self.registry,
        )
        self._tasks = Gauge(
            "postwarden_tasks",
            "Tasks that wait or are under way.",
            ["state"],
            registry=self.registry,
        )
        self._behind = Gauge(
            "postwarden_index_lag_messages",
            "Messages that the full text does not have yet.",
            registry=self.registry,
        )

    def heard(
        self, dialect: str, request: Request, route: str, answer: Answer, seconds: float
    ) -> None:
        """Count one request; a route is a template, so that no name is in it."""
        # A path or method that is not ours is anybody's text.
        method = request.method if route else ""
        self._requests.labels(dialect, method, route, str(answer.status)).inc()
        self._seconds.labels(dialect).observe(seconds)
        if answer.status == 401:
            self._refused.labels(dialect).inc()

    async def exposed(self, house: House) -> bytes:
        """Return all figures as text."""
        counted = await house.store.read(_under_way)
        for state, count in counted.items():
            self._tasks.labels(state.value).set(count)
        self._behind.set(await house.index.lag())
        return generate_latest(self.registry)


def _under_way(uow: UnitOfWork) -> dict[TaskState, int]:
    return {
        state: len(uow.tasks.page(before=LAST, limit=_MOST, states=[state]))
        for state in (TaskState.WAITING, TaskState.IN_PROGRESS)
    }


def build(house: House, metrics: Metrics) -> App:
    """Build the app that answers at `/metrics`."""

    async def handle(request: Request, _: dict[str, str]) -> Answer:
        actor = await house.authenticate(request)
        access.require(actor, Permission.METRICS_READ)
        return Answer(body=await metrics.exposed(house), media_type=MEDIA_TYPE)

    handler: Handler = handle
    return App(
        name="metrics",
        routes=Routes([("GET", PATH, (PATH, handler))]),
        envelope=problem,
        bounds=house.bounds,
    )
