"""The lanes of a server: their rules, with tasks that wait for events, and what a full server answers."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest
from flask import Flask

from retrieval import Library, RetrievalError, current_watch
from webapp import create_app, create_server
from webapp.lanes import PICTURES, QUICK, SEARCHES, Lane, LaneQueues, find_lane

LONGEST = 60  # seconds that anything may take on a busy machine
FEW = (Lane(QUICK, 1, 100), Lane(PICTURES, 1, 1), Lane(SEARCHES, 1, 2))


@dataclass
class Errand:
    """A task that tells when it begins, and ends when it may."""

    lane: str = SEARCHES
    began: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    refused: SimpleQueue[tuple[str, int]] = field(default_factory=SimpleQueue)

    def answer(self, deadline: float) -> None:
        self.began.set()
        assert self.may_end.wait(LONGEST)
        self.ended.set()

    def refuse(self, error: RetrievalError, seconds: int) -> None:
        self.refused.put((error.code, seconds))


@contextmanager
def open_lanes(clock: Callable[[], float] = time.monotonic) -> Iterator[LaneQueues]:
    queues = LaneQueues(FEW, answer_seconds=LONGEST, clock=clock)
    yield queues
    queues.close(LONGEST)


def test_a_full_lane_refuses_at_once_and_the_others_go_on() -> None:
    with open_lanes() as lanes:
        running, *waiting = errands = [Errand() for _ in range(3)]
        for errand in errands:
            lanes.take(errand)
            assert running.began.wait(LONGEST)
        refused, quick = Errand(), Errand(QUICK)
        lanes.take(refused)
        lanes.refuse_rest()
        code, seconds = refused.refused.get_nowait()
        assert (code, seconds >= 1) == ("server-busy", True)
        assert (lanes.queues[SEARCHES].running, lanes.queues[SEARCHES].waiting) == (1, 2)
        quick.may_end.set()
        lanes.take(quick)
        assert quick.ended.wait(LONGEST)
        assert not any(errand.began.is_set() for errand in waiting)
        for errand in errands:
            errand.may_end.set()
        assert all(errand.ended.wait(LONGEST) for errand in errands)
        late = Errand()
        late.may_end.set()
        lanes.take(late)
        assert late.ended.wait(LONGEST), "there is room again"


def test_what_waited_past_its_deadline_is_refused_and_never_begun() -> None:
    now = [0.0]
    with open_lanes(clock=lambda: now[0]) as lanes:
        running, waiting = Errand(), Errand()
        lanes.take(running)
        assert running.began.wait(LONGEST)
        lanes.take(waiting)
        now[0] = LONGEST + 1
        running.may_end.set()
        assert waiting.refused.get(timeout=LONGEST)[0] == "deadline-passed"
        assert not waiting.began.is_set()


def test_a_failing_request_leaves_its_lane_working() -> None:
    class Failing(Errand):
        def answer(self, deadline: float) -> None:
            raise ZeroDivisionError

    with open_lanes() as lanes:
        next_one = Errand()
        next_one.may_end.set()
        lanes.take(Failing())
        lanes.take(next_one)
        assert next_one.ended.wait(LONGEST)


@pytest.mark.parametrize(
    ("path", "lane"),
    [("/static/live.js", QUICK), ("/media/7/thumbnail", QUICK), ("/api/v1/images/7/thumbnail", QUICK),
     ("/healthz", QUICK), ("/readyz", QUICK), ("/metrics", QUICK), ("/media/queries/abc", QUICK),
     ("/media/7/preview", PICTURES), ("/media/7/large", PICTURES), ("/api/v1/images/7/rendition", PICTURES),
     ("/", SEARCHES), ("/api/v1/search", SEARCHES), ("/pictures", SEARCHES), ("/healthz/more", SEARCHES)],
)  # fmt: skip
def test_what_waits_in_which_lane(path: str, lane: str) -> None:
    assert find_lane(path) == lane


# -- a served library ------------------------------------------------------------------------------


@dataclass
class Held:
    """The application with an address that answers when it may, and one that uses up its deadline."""

    app: Flask
    port: int
    may_end: Event
    begun: SimpleQueue[str]
    stop: Callable[[], None]


@pytest.fixture
def held(library_path: Path) -> Iterator[Held]:
    with Library.open(library_path) as library:
        app, may_end, begun = create_app(library), Event(), SimpleQueue[str]()

        def hold() -> str:
            begun.put("hold")
            assert may_end.wait(LONGEST)
            return "held"

        def waste() -> str:
            watch = current_watch()
            assert watch
            watch.deadline = time.monotonic() - 1
            return str(library.search("harbour").total)

        app.add_url_rule("/api/v1/hold", "hold", hold)
        app.add_url_rule("/hold", "hold-page", hold)
        app.add_url_rule("/api/v1/waste", "waste", waste)
        server = create_server(app, port=0, lanes=FEW)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield Held(app, server.effective_port, may_end, begun, server.stop)
        may_end.set()
        server.stop()
        thread.join(LONGEST)
        assert not thread.is_alive()


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
    finally:
        connection.close()


def ask_aside(port: int, path: str) -> tuple[threading.Thread, list[int]]:
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(ask(port, path)[0]))
    thread.start()
    return thread, statuses


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_server_refuses_searches_and_still_shows_thumbnails(held: Held) -> None:
    asked = [ask_aside(held.port, "/api/v1/hold") for _ in range(3)]
    held.begun.get(timeout=LONGEST)
    wait_until(lambda: 'pictor_waiting{lane="searches"} 2.0' in ask(held.port, "/metrics")[2])
    status, headers, problem = ask(held.port, "/api/v1/search?q=harbour")
    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert int(headers["Retry-After"]) >= 1
    assert '"code": "server-busy"' in problem
    assert headers["Content-Security-Policy"]
    status, headers, page = ask(held.port, "/?q=harbour", Accept="text/html")
    assert (status, headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "try again" in page
    assert [ask(held.port, path)[0] for path in ("/media/1/thumbnail", "/healthz", "/media/1/preview")] == [
        200
    ] * 3
    assert 'pictor_refusals_total{code="server-busy",lane="searches"} 2.0' in ask(held.port, "/metrics")[2]
    held.may_end.set()
    for thread, statuses in asked:
        thread.join(LONGEST)
        assert statuses == [200]
    assert ask(held.port, "/api/v1/search?q=harbour")[0] == 200
    figures = ask(held.port, "/metrics")[2]
    assert 'pictor_wait_seconds_count{lane="searches"} 4.0' in figures
    assert 'pictor_stage_seconds_count{stage="rank"} 1.0' in figures


def test_a_search_stops_between_its_stages_when_its_deadline_has_passed(held: Held) -> None:
    status, headers, problem = ask(held.port, "/api/v1/waste")
    assert (status, headers["Retry-After"]) == (503, "5")
    assert '"code": "deadline-passed"' in problem


def test_a_stopping_server_finishes_what_it_answers_and_takes_nothing_more(held: Held) -> None:
    thread, statuses = ask_aside(held.port, "/api/v1/hold")
    held.begun.get(timeout=LONGEST)
    idle = http.client.HTTPConnection("127.0.0.1", held.port, timeout=LONGEST)
    idle.connect()
    held.stop()

    def is_refused() -> bool:
        try:
            ask(held.port, "/healthz")
        except OSError:
            return True
        return False

    wait_until(is_refused)
    assert idle.sock.recv(1) == b"", "a connection on which nothing is answered is closed"
    idle.close()
    held.may_end.set()
    thread.join(LONGEST)
    assert statuses == [200]
