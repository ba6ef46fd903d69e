"""Indexing runs that a server started, as it tells of them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Progress(BaseModel):
    """How far a run is: files done, of those that it has to read."""

    model_config = ConfigDict(frozen=True)

    done: int
    total: int
    problems: int
    folder: str
    seconds_left: float | None


class JobProblem(BaseModel):
    """Why a job failed."""

    model_config = ConfigDict(frozen=True)

    code: str
    detail: str


class Job(BaseModel):
    """An indexing run: `state` is running, done, failed or stopped; `report` counts files by what became of
    them.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    state: str
    folders: list[str]
    started_at: datetime
    ended_at: datetime | None
    progress: Progress | None
    report: dict[str, int] | None
    problem: JobProblem | None


class Jobs(BaseModel):
    """The jobs that a server remembers."""

    jobs: list[Job]


class Folders(BaseModel):
    """The folders that were given to be indexed."""

    folders: list[str]
