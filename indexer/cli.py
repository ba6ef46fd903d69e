"""The `pictor` command: it lists its commands without loading them, and loads one when it is called.

Results go to stdout, remarks to stderr. With --json an error is a line of JSON on stdout as well. Exit
codes: 0 success, 1 a problem that the user can solve, 2 wrong usage, 3 another process writes to the library,
4 storage failed, or the system ran out of memory or open files, 128 + n stopped by signal n.
"""

from __future__ import annotations

import json
import os
import select
import sys
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from textwrap import indent
from typing import Final, NoReturn

import click

# Names, and what `pictor --help` says about them; `indexer.commands.NAME` holds the command `NAME_command`.
COMMANDS = {
    "init": "Make an empty library.",
    "index": "Describe the pictures of folders, and search them from then on.",
    "search": "Find pictures by words, by pictures, or by both.",
    "explain": "Explain why an image is in the answer to a query.",
    "show": "Show all that is known about an image.",
    "status": "Show what a library holds and whether it is sound.",
    "problems": "List what could not be indexed, and why.",
    "retry": "Read again what could not be indexed.",
    "check": "Compare files, catalog and projections, and name every repair.",
    "rebuild": "Make the projections again from the catalog.",
    "backup": "Copy a library, even while it is written to.",
    "restore": "Make a library from a backup.",
    "remove": "Forget images; files are never touched.",
    "forget": "Forget files that are missing.",
    "evaluate": "Measure the rankings against labels.",
    "tune": "Learn from labels how much each signal should count.",
    "edit": "Say something of images: tags, titles, ratings; and take it back.",
    "export": "Write what was said of images to XMP files beside them.",
    "duplicates": "List files of which one may be enough.",
    "saved": "Keep searches by name, and see what is new in them.",
    "concept": "Keep named sets of examples, to search and filter with.",
    "mcp": "Let an assistant search the library.",
    "key": "Make and revoke keys for those who may ask a server.",
    "user": "Let people sign in on the page of a server.",
    "audit": "List who did what through a server.",
    "serve": "Serve the search page and the API.",
    "train": "Train a backbone of your own by distillation.",
    "demo": "Draw a sample collection, index it and open the search page.",
}

# Commands that only read: when what they print is cut off, as by `head`, nothing is left undone.
READING_COMMANDS: Final = frozenset(
    {
        *("search", "explain", "duplicates", "show", "status", "problems", "check"),
        *("concept", "saved", "key", "user", "audit", "mcp"),
    }
)
EVENT_COMMANDS: Final = frozenset({"index", "retry"})  # with --json these print one event on each line
CONTINUED_COMMANDS: Final = EVENT_COMMANDS | {"demo", "train"}  # started again, they go on where they were
BROKEN_PIPE = 141  # what a shell says of a program that ended by SIGPIPE

EPILOG = (
    'Start with `pictor index ~/Pictures`, then `pictor search "red boat"` or `pictor serve`. '
    "`pictor COMMAND --help` has examples."
)


# What people call a command elsewhere.
_COMMANDS_ELSEWHERE: Final = {
    **dict.fromkeys(("add", "import", "scan", "update"), "index"),
    **dict.fromkeys(("find", "query", "grep", "look"), "search"),
    **dict.fromkeys(("info", "get", "view"), "show"),
    **dict.fromkeys(("delete", "rm"), "remove"),
    **dict.fromkeys(("clean", "prune", "purge"), "forget"),
    **dict.fromkeys(("verify", "fsck"), "check"),
    **dict.fromkeys(("web", "server", "ui", "start"), "serve"),
    **dict.fromkeys(("errors", "failures"), "problems"),
    **dict.fromkeys(("reindex",), "rebuild"),
    **dict.fromkeys(("tag", "rate", "label", "undo"), "edit"),
}


class _OutputCut(Exception):
    """Whoever reads what the command prints has stopped reading."""


class LazyGroup(click.Group):
    """Commands by name from COMMANDS; `--help` loads none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"indexer.commands.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            nearest = get_close_matches(args[0].casefold(), COMMANDS, n=1)
            meant = _COMMANDS_ELSEWHERE.get(args[0].casefold()) or (nearest[0] if nearest else None)
            hint = f" Did you mean {meant!r}?" if meant else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # click would end any command with exit code 1.
            if not _reader_is_gone():
                raise
            raise _OutputCut from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pictor", prog_name="pictor")
def cli() -> None:
    """Finds pictures: by words, by example, by colour, or by all of these at once."""


def main() -> None:
    """Run the command; every error that Pictor raises becomes one sentence and an exit code."""
    try:
        # Not standalone: click would end an interrupted command with exit code 1 and no message.
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.UsageError as error:
        _print_json_error("usage", error.format_message(), 2)
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _print_json_error("error", error.format_message(), 1)
        error.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt) as error:
        sentence = _describe_stop()
        # The error of a stopped run names the signal; click wraps it.
        code = getattr(error.__cause__ or error, "exit_code", 130)
        if _command_name() not in EVENT_COMMANDS:  # these print an event of their own
            _print_json_error("stopped", sentence, code)
        click.echo(sentence, err=True)
        sys.exit(code)
    except _OutputCut:
        _end_cut_output()
    except Exception as error:
        sys.exit(_report_error(error))


def _describe_stop() -> str:
    if _command_name() in CONTINUED_COMMANDS:
        return "stopped; all finished batches are saved; run the same command again to continue"
    return "stopped"


def _reader_is_gone() -> bool:
    """Whether stdout or stderr is a pipe that nobody reads any more; another pipe may have broken instead."""
    poll = select.poll()
    for stream in (1, 2):
        poll.register(stream, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _end_cut_output() -> NoReturn:
    """End quietly: with success where all that was asked for was printing, or else as SIGPIPE would have."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - for its descriptor
        os.dup2(nowhere.fileno(), 1)  # or Python would complain when it flushes stdout at its end
        os.dup2(nowhere.fileno(), 2)
    sys.exit(0 if _command_name() in READING_COMMANDS else BROKEN_PIPE)


def _command_name() -> str:
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "")


def _wants_json() -> bool:
    """Whether JSON was asked for; read from the words themselves, since the error may be in them."""
    words = sys.argv[1:]
    options = words[: words.index("--")] if "--" in words else words
    pairs = pairwise(options)
    return "--json" in options or "--format=json" in options or ("--format", "json") in pairs


def _print_json_error(code: str, sentence: str, exit_code: int) -> None:
    """The error as one line of JSON on stdout, if JSON was asked for."""
    if not _wants_json():
        return
    event = {"event": "error"} if _command_name() in EVENT_COMMANDS else {}
    click.echo(
        json.dumps(
            event | {"error": {"code": code, "detail": sentence, "exit_code": exit_code}}, ensure_ascii=False
        )
    )


def _report_error(error: Exception) -> int:
    """Print what went wrong and return the exit code; errors that are not Pictor's are raised again."""
    # This comes first: in a process without memory the import below fails as well.
    if failure := _describe_system_failure(error):
        click.echo(f"pictor: {failure}", err=True)
        _print_json_error("system", failure, 4)
        return 4
    from retrieval import InvalidQuery, RetrievalError

    if not isinstance(error, RetrievalError):
        raise error
    exit_code = _exit_code(error)
    _print_json_error(error.code, str(error), exit_code)
    click.echo(f"pictor: {error}", err=True)
    if isinstance(error, InvalidQuery) and error.pointer:
        click.echo(indent(error.pointer, "  "), err=True)
    return exit_code


def _exit_code(error: Exception) -> int:
    from retrieval import DurabilityTooLow, FeatureDamaged, LibraryBusy, NotEnoughMemory, StorageFailed

    if isinstance(error, LibraryBusy):
        return 3
    return 4 if isinstance(error, StorageFailed | FeatureDamaged | DurabilityTooLow | NotEnoughMemory) else 1


def _describe_system_failure(error: Exception) -> str:
    """Which resource was missing: files, memory, threads or a library to load; empty for any other error."""
    origin: BaseException = error
    while earlier := origin.__cause__ or origin.__context__:
        origin = earlier
    if isinstance(error, OSError):
        return str(error)
    if isinstance(error, MemoryError) or "start new thread" in str(error):
        detail = f" ({origin})" if str(origin) else ""
        return f"not enough memory{detail}; give this process more, or end other processes, and run it again"
    if isinstance(error, ImportError) or (
        isinstance(error, RuntimeError) and isinstance(origin, ImportError | OSError)
    ):
        return f"cannot be loaded ({origin}); give this process more memory, or install Pictor again"
    return ""


if __name__ == "__main__":
    main()
