"""The `pictor` command: names its commands at once, and loads one only when it is called.

Results go to stdout, remarks to stderr. Exit codes: 0 done, 1 a user's problem, 2 wrong usage,
3 another writer is at work, 4 storage failed, or the system has too little memory or too few files for it,
128 and its number for the signal that stopped it.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

# Name to what `pictor --help` says; the module of that name in `indexer.commands` has the command.
COMMANDS = {
    "init": "Make an empty library.",
    "index": "Describe the pictures of folders, and search them from then on.",
    "search": "Find pictures by words, by pictures, or by both.",
    "explain": "Tell why an image is in the answer to a query.",
    "show": "Tell all that is known about an image.",
    "status": "Tell what a library holds and whether it is sound.",
    "problems": "List what could not be indexed, and why.",
    "retry": "Read again what could not be indexed.",
    "check": "Compare files, catalog and projections, and name every repair.",
    "rebuild": "Make the projections again from the catalog.",
    "backup": "Copy a library, even while it is written to.",
    "restore": "Make a library of a backup.",
    "remove": "Forget images; files are never touched.",
    "forget": "Forget files that are gone.",
    "evaluate": "Measure the rankings against labels.",
    "tune": "Learn from labels how much each signal should count.",
    "concept": "Keep sets of examples by name, to search and filter with.",
    "serve": "Open the search page and the API.",
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
        command: click.Command = import_module(f"indexer.commands.{cmd_name}").command
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
        # Not standalone: click would answer an interrupt with exit code 1 and nothing said.
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
        click.echo("stopped; what was acknowledged is safe, run the same command again to go on", err=True)
        # Stopped says which signal it was; click wraps it.
        sys.exit(getattr(error.__cause__ or error, "exit_code", 130))
    except Exception as error:
        sys.exit(_explained(error))


def _explained(error: Exception) -> int:
    """Say what went wrong and give its exit code; an error that is not ours goes on as it is."""
    if refused := _refused(error):  # comes first: what cannot be loaded may be all that follows
        click.echo(f"pictor: {refused}", err=True)
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


def _refused(error: Exception) -> str:
    """What the system did not give: files, memory, threads, or a library to load; empty for another error."""
    first: BaseException = error
    while earlier := first.__cause__ or first.__context__:
        first = earlier
    if isinstance(error, OSError):
        return str(error)
    if isinstance(error, MemoryError) or "start new thread" in str(error):
        what = f" ({first})" if str(first) else ""
        return f"not enough memory{what}; let this process have more, or end others, and run again"
    if isinstance(error, ImportError) or (
        isinstance(error, RuntimeError) and isinstance(first, ImportError | OSError)
    ):
        return f"cannot be loaded ({first}); let this process have more memory, or install Pictor again"
    return ""


if __name__ == "__main__":
    main()
