"""Jobs: commands of `pictor` that a server starts, and what is known of them, also after it was started anew.

Each has two files in the library's folder `jobs`: what was asked, and the events that its process prints.
The latter is locked as long as the process lives, so that nobody believes one that was killed; the kernel
releases the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final, TypeAlias, final

from retrieval import StorageFailed

from .errors import JobRunning, JobUnknown, NotOffered

Json: TypeAlias = dict[str, Any]
FOLDER: Final = "jobs"  # in the library
ID: Final = re.compile(r"[0-9a-f]{16}")
MOST_JOBS: Final = 50  # that are remembered
TAIL: Final = 1 << 18  # bytes of the events that are looked through from the end
ENDS: Final = {"done": "done", "error": "failed", "stopped": "stopped"}


@dataclass(frozen=True, slots=True)
class Job:
    """An indexing run of these folders. Its process has the number `pid` for as long as it lives."""

    id: str
    folders: tuple[str, ...]
    started_at: str
    pid: int


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job: running, done, failed or stopped; its last progress, and its last word."""

    job: Job
    state: str
    ended_at: datetime | None = None
    progress: Json | None = None
    last: Json = field(default_factory=dict)


@final
class Jobs:
    """The jobs of one library; safe to use from many threads. `command` is how `pictor` is called here."""

    def __init__(self, library: Path, command: Sequence[str]) -> None:
        self._library, self._command, self._folder = library, tuple(command), library / FOLDER
        self._starting = Lock()
        self.on_end: Callable[[JobState], None] = lambda _: None

    def start_index(self, folders: Sequence[str], options: Sequence[str]) -> JobState:
        """Start an indexing run, which goes on even if this server stops.

        Raises JobRunning while another one is at work, NotOffered and StorageFailed.
        """
        words = ["index", *folders, "--library", str(self._library), *options, "--json"]
        with self._starting:
            running = next((state for state in self.list_jobs() if state.state == "running"), None)
            if running:
                raise JobRunning(running.job.id)
            try:
                job, process = self._start_process(words, folders)
            except OSError as error:
                raise StorageFailed(self._folder, error) from error
        Thread(target=self._await_end, args=[process, job], daemon=True, name="job").start()
        return self.find_job(job.id)

    def run_command(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command that answers soon, to its end."""
        return subprocess.run([*self._prefix(), *words], capture_output=True, text=True, check=False)

    def list_jobs(self) -> list[JobState]:
        """The jobs that are remembered, the newest first."""
        jobs = [job for path in self._folder.glob("*.json") if (job := _read_job(path))]
        jobs.sort(key=lambda job: job.started_at, reverse=True)
        return [self._read_state(job) for job in jobs]

    def find_job(self, job_id: str) -> JobState:
        """One job; raises JobUnknown."""
        job = _read_job(self._folder / f"{job_id}.json") if ID.fullmatch(job_id) else None
        if job is None:
            raise JobUnknown(job_id)
        return self._read_state(job)

    def stop_job(self, job_id: str) -> JobState:
        """Ask a job to stop after the pictures in hand; one that has ended stays as it is."""
        state = self.find_job(job_id)
        if state.state == "running":
            with suppress(ProcessLookupError):
                os.kill(state.job.pid, signal.SIGTERM)
        return self.find_job(job_id)

    def _prefix(self) -> tuple[str, ...]:
        if not self._command:
            raise NotOffered
        return self._command

    def _start_process(
        self, words: Sequence[str], folders: Sequence[str]
    ) -> tuple[Job, subprocess.Popen[bytes]]:
        command = [*self._prefix(), *words]
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._forget_old_jobs()
        job_id = secrets.token_hex(8)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        events = os.open(self._folder / f"{job_id}.events", flags, 0o600)
        try:
            fcntl.flock(events, fcntl.LOCK_EX)  # the process has the same open file, and so the lock
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=events,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(events)
        job = Job(job_id, tuple(folders), datetime.now(UTC).isoformat(), process.pid)
        (self._folder / f"{job_id}.json").write_text(json.dumps(asdict(job)), "utf-8")
        return job, process

    def _await_end(self, process: subprocess.Popen[bytes], job: Job) -> None:
        process.wait()
        with suppress(JobUnknown):
            self.on_end(self.find_job(job.id))

    def _read_state(self, job: Job) -> JobState:
        events = self._folder / f"{job.id}.events"
        is_running = _is_locked(events)
        found = list(_read_events(events))
        progress = next((event for event in reversed(found) if event.get("event") == "progress"), None)
        if is_running:
            return JobState(job, "running", progress=progress)
        last = found[-1] if found else {}
        ended_at = datetime.fromtimestamp(events.stat().st_mtime, UTC) if events.exists() else None
        return JobState(job, ENDS.get(str(last.get("event")), "failed"), ended_at, progress, last)

    def _forget_old_jobs(self) -> None:
        for state in self.list_jobs()[MOST_JOBS - 1 :]:
            for ending in ("json", "events"):
                (self._folder / f"{state.job.id}.{ending}").unlink(missing_ok=True)


def _read_job(path: Path) -> Job | None:
    try:
        values = json.loads(path.read_text("utf-8"))
        return Job(**values | {"folders": tuple(values["folders"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _read_events(path: Path) -> Iterator[Json]:
    """The last events of a process, as far as they are whole."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
