"""What watches a server asks: whether it lives, whether it can answer, and how it has answered so far.

Metrics are in the format of Prometheus, by its own library. None names a picture, a word or a visitor.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final, final

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from retrieval import Library, read_status

from .deadlines import limit_answers
from .errors import NotPublic
from .lanes import LaneQueue
from .parameters import NoParameters
from .requests import read_parameters
from .services import current_services

# Seconds; finer where searches usually lie.
BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_KEY, _LANES = "metrics", "lane meters"

health = Blueprint("health", __name__)


class LibraryCollector(Collector):
    """Reads the state of the library whenever somebody asks for the metrics."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def collect(self) -> Iterable[Metric]:
        status = read_status(self._library)
        figures = {
            "pictor_images": ("Images in the library", status.images),
            "pictor_missing_files": ("Files that were not found", status.missing),
            "pictor_problem_files": ("Files that could not be indexed", status.problems),
            "pictor_changes": ("Number of the newest change of the catalog", status.last_seq),
            "pictor_published_changes": (
                "Newest change that every index holds",
                status.last_seq - status.behind,
            ),
        }
        for name, (meaning, value) in figures.items():
            yield GaugeMetricFamily(name, meaning, value)


def measure_requests(app: Flask, library: Library) -> None:
    """Count and time the requests of an application, and offer what watches servers."""
    registry = CollectorRegistry()
    registry.register(LibraryCollector(library))
    seconds = Histogram(
        "pictor_request_seconds", "Time of requests", ("route",), buckets=BUCKETS, registry=registry
    )
    answered = Counter("pictor_requests", "Requests", ("route", "method", "status"), registry=registry)
    stages = Histogram(
        "pictor_stage_seconds",
        "Time of the stages of answers",
        ("stage",),
        buckets=BUCKETS,
        registry=registry,
    )
    limit_answers(
        app, library.settings.answer_seconds, lambda name, taken: stages.labels(name).observe(taken)
    )
    app.extensions[_KEY], app.extensions[_LANES] = registry, LaneMeters(registry)
    app.register_blueprint(health)

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count_request(response: Response) -> Response:
        if "started" not in g:  # nobody asked: the answers of a full server are made beforehand
            return response
        route = request.endpoint or "none"  # never the path: there is no end of them
        note_seconds = partial(_note_since, seconds.labels(route), g.started)
        if response.is_streamed and not response.direct_passthrough:
            response.call_on_close(note_seconds)  # it is made while it is sent
        else:
            note_seconds()
        answered.labels(route, request.method, str(response.status_code)).inc()
        return response


def _note_since(seconds: Histogram, started: float) -> None:
    seconds.observe(time.perf_counter() - started)


@final
class LaneMeters:
    """How many requests are in which lane of a server, how long they waited, and which were refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "pictor_wait_seconds", "Time before answers", ("lane",), buckets=BUCKETS, registry=registry
        )
        self._refused = Counter(
            "pictor_refusals", "Requests that were refused", ("lane", "code"), registry=registry
        )
        self._waiting = Gauge("pictor_waiting", "Requests that wait", ("lane",), registry=registry)
        self._running = Gauge(
            "pictor_running", "Requests that are being answered", ("lane",), registry=registry
        )

    def note_wait(self, lane: str, seconds: float) -> None:
        """Note how long a request waited before its answer began."""
        self._seconds.labels(lane).observe(seconds)

    def note_refusal(self, lane: str, code: str) -> None:
        """Note that a request was refused."""
        self._refused.labels(lane, code).inc()

    def show_queues(self, queues: Mapping[str, LaneQueue]) -> None:
        """Show from now on how many requests these queues hold."""
        for name, queue in queues.items():
            self._waiting.labels(name).set_function(partial(getattr, queue, "waiting"))
            self._running.labels(name).set_function(partial(getattr, queue, "running"))


def lane_meters(app: Flask) -> LaneMeters:
    """The meters of an application's lanes."""
    meters: LaneMeters = app.extensions[_LANES]
    return meters


@health.get("/healthz")
def show_life() -> Response:
    """That the server lives; it says nothing about the library."""
    read_parameters(NoParameters, request.args)
    return Response("alive\n", content_type="text/plain")


@health.get("/readyz")
def show_readiness() -> Response:
    """That searches are answered; an error of the library, as 503, where they are not."""
    read_parameters(NoParameters, request.args)
    current_services().library.snapshot()
    return Response("ready\n", content_type="text/plain")


@health.get("/metrics")
def show_metrics() -> Response:
    """How many requests there were and how long they took, and the state of the library."""
    read_parameters(NoParameters, request.args)
    if current_app.config["PUBLIC"]:
        raise NotPublic()
    return Response(generate_latest(current_app.extensions[_KEY]), content_type=CONTENT_TYPE_LATEST)
