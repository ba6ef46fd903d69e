"""The HTTP interface for work on the whole library: indexing runs, and a copy. Not on a public server."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any, Final, Literal, TypeAlias

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field

from retrieval import RunProgress, StorageFailed, answers, read_run

from .documenting import describe_body, describe_path, name_operation
from .errors import PROBLEM, InvalidParameter, NotPublic, SnapshotBusy
from .jobs import ID, Jobs, JobState
from .parameters import NoParameters
from .requests import read_json_values, read_parameters
from .services import current_services

Json: TypeAlias = dict[str, Any]
BLOCK: Final = 1 << 20  # bytes of a copy that are sent at a time
_COPYING: Final = BoundedSemaphore(1)  # a copy takes as much disk as the catalog

job_api = APIBlueprint(
    "job_api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={status: dict(PROBLEM) for status in ("400", "403", "404", "4XX", "5XX")},
    operation_id_callback=name_operation,
)


class NewRun(answers.StrictModel):
    """Which folders to index."""

    folders: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...],
        Field(
            min_length=1,
            max_length=100,
            description="Folders that were indexed before, or folders in them, as `GET /index` names them",
        ),
    ]
    checksum: bool = Field(default=False, description="Compare the contents of every file")
    again: bool = Field(default=False, description="Read every file, and describe its picture again")


class Progress(answers.StrictModel):
    """How far a run is: files done, of those that it has to read."""

    done: int
    total: int
    problems: int
    folder: str
    seconds_left: float | None


class JobProblem(answers.StrictModel):
    """Why a job failed."""

    code: str
    detail: str


class ShownJob(answers.StrictModel):
    """An indexing run that this server started; it goes on where the server stops."""

    id: str
    kind: Literal["index"]
    state: Literal["running", "done", "failed", "stopped"]
    folders: list[str]
    started_at: datetime
    ended_at: datetime | None
    progress: Progress | None = Field(description="As it was told last; null before files are read")
    report: dict[str, int] | None = Field(description="Of a run that is done: files by what became of them")
    problem: JobProblem | None


class ShownJobs(answers.StrictModel):
    """The jobs that are remembered, the newest first."""

    jobs: list[ShownJob]


class Registered(answers.StrictModel):
    """The folders that were given to be indexed, and the run at work on the library, whoever started it."""

    folders: list[str]
    run: Progress | None


_JOB_ID: Final = describe_path("job_id", {"type": "string", "pattern": f"^{ID.pattern}$"})
_ARCHIVE: Final = {
    "description": "The copy, which `pictor restore` makes a library of",
    "content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
}


@job_api.before_request
def refuse_strangers() -> None:
    """Strangers start nothing, and get no copy."""
    if current_app.config["PUBLIC"]:
        raise NotPublic


def current_jobs() -> Jobs:
    """The jobs of the application that answers the current request."""
    jobs: Jobs = current_app.extensions["jobs"]
    return jobs


def _job_id() -> str:
    job_id: str = (request.view_args or {})["job_id"]
    return job_id


def _answer_job(state: JobState, status: int = 200) -> Response:
    headers = {"Location": f"/api/v1/jobs/{state.job.id}"} if status == 202 else {}
    text = json.dumps(answers.json_values(present_job(state)))
    return Response(text, status, headers, content_type="application/json")


# The names of these functions are in the document, as ids of operations.
@job_api.get("/index", responses={200: Registered})
def registered_folders() -> Json:
    """The folders that can be indexed from here, and the run at work."""
    read_parameters(NoParameters, request.args)
    run = read_run(current_services().library.path)
    shown = Registered(folders=_list_roots(), run=_present_run(run) if run else None)
    values: Json = answers.json_values(shown)
    return values


@job_api.post("/index", responses={202: ShownJob}, openapi_extensions=describe_body(NewRun))
def start_index() -> Response:
    """Index folders again: what is new or changed is read. One run at a time."""
    read_parameters(NoParameters, request.args)
    asked = read_json_values(NewRun, request.get_data())
    folders = [_check_folder(folder) for folder in asked.folders]
    options = [f"--{name}" for name in ("checksum", "again") if getattr(asked, name)]
    return _answer_job(current_jobs().start_index(folders, options), 202)


@job_api.get("/jobs", responses={200: ShownJobs})
def jobs() -> Json:
    """The runs that this server started, also before it was started anew."""
    read_parameters(NoParameters, request.args)
    shown = [present_job(state) for state in current_jobs().list_jobs()]
    values: Json = answers.json_values(ShownJobs(jobs=shown))
    return values


@job_api.get("/jobs/<job_id>", responses={200: ShownJob}, openapi_extensions={"parameters": [_JOB_ID]})
def job() -> Response:
    """How far a job is, or how it ended."""
    read_parameters(NoParameters, request.args)
    return _answer_job(current_jobs().find_job(_job_id()))


@job_api.delete("/jobs/<job_id>", responses={200: ShownJob}, openapi_extensions={"parameters": [_JOB_ID]})
def stop_job() -> Response:
    """Ask a job to stop after the pictures in hand; what it wrote is kept, and the next run goes on."""
    read_parameters(NoParameters, request.args)
    return _answer_job(current_jobs().stop_job(_job_id()))


@job_api.get("/snapshot", responses={200: _ARCHIVE})
def snapshot() -> Response:
    """A checked copy of one state of the library, as a TAR file; originals and indexes are not in it."""
    read_parameters(NoParameters, request.args)
    if not _COPYING.acquire(blocking=False):
        raise SnapshotBusy
    try:
        folder = tempfile.TemporaryDirectory(prefix="snapshot-", dir=current_services().library.path)
    except OSError as error:
        _COPYING.release()
        raise StorageFailed(current_services().library.path, error) from error

    def clear() -> None:
        folder.cleanup()
        _COPYING.release()

    try:
        path = _make_copy(Path(folder.name))
    except BaseException:
        clear()
        raise
    headers = {"Content-Length": str(path.stat().st_size)}
    headers["Content-Disposition"] = 'attachment; filename="pictor.tar"'
    response = Response(_read_blocks(path), 200, headers, content_type="application/x-tar")
    response.call_on_close(clear)
    return response


def _make_copy(folder: Path) -> Path:
    library, target = current_services().library.path, folder / "pictor.tar"
    ended = current_jobs().run_command(["backup", str(target), "--library", str(library), "--json"])
    if ended.returncode or not target.exists():
        said = ended.stdout.strip().splitlines() or ["{}"]
        detail = json.loads(said[-1]).get("error", {}).get("detail", "the copy was not made")
        raise StorageFailed(library, detail)
    return target


def _read_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _list_roots() -> list[str]:
    with current_services().library.catalog.reading() as reader:
        return [os.fsdecode(root) for root in reader.load_roots()]


def _check_folder(folder: str) -> str:
    """The folder, if it is one that was indexed before or lies in one, wherever links lead."""
    real = os.path.realpath(folder) if "\0" not in folder else ""
    roots = [os.path.realpath(root) for root in _list_roots()]
    if not any(real == root or real.startswith(root.rstrip("/") + "/") for root in roots):
        raise InvalidParameter(
            f"folders: {folder[:200]} is no folder that was indexed before, nor in one; GET /api/v1/index "
            "names them, and `pictor index` takes new ones"
        )
    return real


def present_job(state: JobState) -> ShownJob:
    """What is known of a job."""
    last, progress = state.last, state.progress
    counts = {name: count for name, count in last.items() if type(count) is int}
    return ShownJob(
        id=state.job.id,
        kind="index",
        state=state.state,  # type: ignore[arg-type]
        folders=list(state.job.folders),
        started_at=datetime.fromisoformat(state.job.started_at),
        ended_at=state.ended_at,
        progress=_present_progress(progress) if progress else None,
        report=counts if state.state == "done" else None,
        problem=_present_failure(last) if state.state == "failed" else None,
    )


def _present_failure(last: Json) -> JobProblem:
    if "detail" in last.get("error", {}):
        return JobProblem(code=str(last["error"]["code"]), detail=str(last["error"]["detail"]))
    detail = "the run ended without a word: it was killed, or the machine went down; start it again"
    return JobProblem(code="ended", detail=detail)


def _present_progress(event: Json) -> Progress:
    return Progress.model_validate({name: event.get(name) for name in Progress.model_fields})


def _present_run(run: RunProgress) -> Progress:
    return Progress(
        done=run.done,
        total=run.total,
        problems=run.problems,
        folder=run.folder,
        seconds_left=run.seconds_left,
    )
