"""The `pictor` command: it lists its commands without loading them, and loads one when it is called.

Results go to stdout, remarks to stderr. Exit codes: 0 success, 1 a problem that the user can solve,
2 wrong usage, 3 another process writes to the library, 4 storage failed, or the system ran out of memory or
open files, 128 + n stopped by signal n.
"""

from __future__ import annotations

import sys
from importlib import import_module

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
    "concept": "Keep named sets of examples, to search and filter with.",
    "serve": "Serve the search page and the API.",
    "train": "Train a backbone of your own by distillation.",
    "demo": "Draw a sample collection, index it and open the search page.",
}

EPILOG = (
    'Start with `pictor index ~/Pictures`, then `pictor search "red boat"` or `pictor serve`. '
    "`pictor COMMAND --help` has examples."
)


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
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo(
            "stopped; all finished batches are saved; run the same command again to continue", err=True
        )
        # The error of a stopped run names the signal; click wraps it.
        sys.exit(getattr(error.__cause__ or error, "exit_code", 130))
    except Exception as error:
        sys.exit(_report_error(error))


def _report_error(error: Exception) -> int:
    """Print what went wrong and return the exit code; errors that are not Pictor's are raised again."""
    # This comes first: in a process without memory the import below fails as well.
    if failure := _describe_system_failure(error):
        click.echo(f"pictor: {failure}", err=True)
        return 4
    from retrieval import (
        DurabilityTooLow,
        FeatureDamaged,
        LibraryBusy,
        NotEnoughMemory,
        RetrievalError,
        StorageFailed,
    )

    if not isinstance(error, RetrievalError):
        raise error
    click.echo(f"pictor: {error}", err=True)
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
