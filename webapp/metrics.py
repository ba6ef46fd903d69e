"""What watches a server asks: whether it lives, whether it can answer, and how it has answered so far.

Metrics are in the format of Prometheus, by its own library. None names a picture, a word or a visitor.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from retrieval import Library, read_status

from .errors import NotPublic
from .parameters import NoParameters
from .requests import read_parameters
from .services import current_services

# Seconds; finer where searches usually lie.
BUCKETS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_KEY: Final = "metrics"

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
    app.extensions[_KEY] = registry
    app.register_blueprint(health)

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count_request(response: Response) -> Response:
        route = request.endpoint or "none"  # never the path: there is no end of them
        seconds.labels(route).observe(time.perf_counter() - g.get("started", time.perf_counter()))
        answered.labels(route, request.method, str(response.status_code)).inc()
        return response


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
