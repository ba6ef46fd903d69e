"""Whoever knows a Library knows a Client: the same methods with the same parameters, or a reason."""

from __future__ import annotations

import inspect

import pytest

from retrieval import Client, Editor, Keeper, Library

ENGINE = "what the engine itself works with lies in its own process"
MEASURING = "for measuring rankings, which reads whole indexes"
PAGES = "what only pages are made of"
SECRET = "keys and people are for the machine of the library alone"
SERVER = "what a server notes for itself"
OF_LIBRARIES: dict[str, str] = {
    "open": "a Client is made of an address",
    "has_library": "a Client is made of an address",
    **dict.fromkeys(
        ("check_scaling", "reading_limits", "background", "spaces", "describe", "describe_and_predict", "warm_up", "prepare_serving",
         "generations_folder", "projections", "snapshot"), ENGINE),
    **dict.fromkeys(("rank_signals", "signal_amounts"), MEASURING),
    **dict.fromkeys(("load_colours", "stack_images", "make_overview", "make_atlas"), PAGES),
    **dict.fromkeys(("load_keys", "find_key", "load_people", "check_password", "find_signed_in", "load_deeds"), SECRET),
    **dict.fromkeys(("find_copies", "list_named", "find_things"), PAGES),
    **dict.fromkeys(("restrict", "views_folder"), ENGINE),
    **dict.fromkeys(("pick_images", "find_picked", "find_picked_expiry"), PAGES),
    "find_new": "a saved search knows what was seen of it: count_new, and /saved/{name}/new",
}  # fmt: skip
OF_KEEPERS = {
    **dict.fromkeys(
        ("create_key", "revoke_key", "create_person", "change_password", "remove_person"), SECRET
    ),
    **dict.fromkeys(("begin_sign_in", "end_sign_in", "note_use", "note_deed", "note_told"), SERVER),
}
OF_CLIENTS = {
    "load_status": "read_status(library) of a Library says more, of its own machine",
    "load_problems": "`pictor problems` of a Library",
    **dict.fromkeys(
        ("load_folders", "load_webhooks", "start_index", "load_jobs", "load_job", "stop_job"),
        "`pictor index` and `pictor serve` of a Library",
    ),
    "save_snapshot": "`pictor backup` of a Library",
}
OTHER_PARAMETERS = {
    "count_news": "the server decides how long it counts",
    "add_webhook": "the server makes the secret",
    "complete_line": "the server decides what may be told of folders and of what is saved",
    "render_preview": "the side has the same default, and another name in the code",
}


def public_members(kind: type) -> dict[str, object]:
    return {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("kind", "only_there"), [(Library, OF_LIBRARIES), (Editor, {}), (Keeper, OF_KEEPERS)]
)
def test_a_client_has_every_method_with_the_same_parameters(kind: type, only_there: dict[str, str]) -> None:
    members, ours = public_members(kind), public_members(Client)
    assert set(members) - set(ours) == set(only_there)
    for name in set(members) & set(ours):
        assert isinstance(members[name], property) is isinstance(ours[name], property), name
        if callable(members[name]) and name not in OTHER_PARAMETERS:
            assert inspect.signature(ours[name]) == inspect.signature(members[name]), name  # type: ignore[arg-type]


def test_a_client_has_little_more() -> None:
    known = {name for kind in (Library, Editor, Keeper) for name in public_members(kind)}
    assert set(public_members(Client)) - known == set(OF_CLIENTS)
