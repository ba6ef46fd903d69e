"""The keeper of what users state: searches and concepts by name, which agree with each other, and verdicts.

It needs no writer's lock: all of it can be stated while pictures are indexed (decision 24).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from typing import Final, Protocol, TypeAlias, TypeVar, final, overload

from ..catalog import (
    RESTRICTED_SCOPES,
    ApiKey,
    Person,
    Restriction,
    SavedCatalog,
    SavedSearch,
    SavedWriter,
    WebhookEvent,
)
from ..catalog.clock import utc_now
from ..errors import (
    ImageNotFound,
    InvalidQuery,
    NameInUse,
    NameTaken,
    NameUnknown,
    VerdictNotFound,
    WebhookUnknown,
)
from ..library import Library, catalog_address
from ..passwords import hash_password
from ..query.language import format_query
from ..query.named import check_saved_name, find_cycle, list_names, rename_concept, rename_search
from ..query.values import Examples, Palette, Picture, Query, StoredPicture
from ..query_lines import parse_query
from ..ranking.verdicts import DIFFERENT, VerdictKind
from ..search.weights import check_signals

MOST_JUDGED = 500  # images in one verdict
SEARCH, CONCEPT, KEY, PERSON = "saved search", "concept", "key", "person"
OWNER: Final = "owner"  # whoever runs commands on the library
Asker: TypeAlias = ApiKey | Person


class RemoteKeeper(Protocol):
    """What keeps names in a library elsewhere, with the methods of a Keeper: a Client."""

    def add_search(self, name: str, line: str) -> None: ...
    def keep_concept(self, name: str, examples: Examples) -> None: ...
    def state_verdict(self, kind: VerdictKind, images: Collection[int]) -> int: ...


AnyKeeper = TypeVar("AnyKeeper", bound=RemoteKeeper)


@overload
def open_keeper(library: Library) -> AbstractContextManager[Keeper]: ...
@overload
def open_keeper(library: AnyKeeper) -> AbstractContextManager[AnyKeeper]: ...
def open_keeper(library: Library | AnyKeeper) -> AbstractContextManager[Keeper | AnyKeeper]:
    """The keeper of a library, for one transaction: what it writes is acknowledged when the block ends.

    A client is its own keeper: each of its methods is a transaction.

    Raises LibraryBusy where another process writes to the catalog for many seconds without a pause,
    SchemaOutOfDate, and StorageFailed where the library is read-only.
    """
    return _open_keeper(library) if isinstance(library, Library) else nullcontext(library)


@contextmanager
def _open_keeper(library: Library) -> Iterator[Keeper]:
    if not library.is_whole:
        raise ValueError("a restricted library is for reading alone")
    catalog = SavedCatalog.open(catalog_address(library.path, library.settings))
    try:
        with catalog.writing() as writer:
            yield Keeper(library, writer)
    finally:
        catalog.close()


@final
class Keeper:
    """Changes saved searches, concepts, verdicts and API keys. `open_keeper` makes one."""

    def __init__(self, library: Library, writer: SavedWriter) -> None:
        self._library, self._writer = library, writer

    # -- saved searches -------------------------------------------------------------------------

    def add_search(self, name: str, line: str) -> None:
        """Save a search; what the library holds now counts as seen.

        Raises NameTaken, and InvalidQuery or ImageNotFound for a line that could not be answered at any time.
        """
        check_saved_name(SEARCH, name)
        self._check_free(SEARCH, name, self._writer.load_searches())
        self._check_line(name, line)
        self._writer.add_search(name, line.strip())

    def change_search(self, name: str, line: str) -> None:
        """Replace the line of a saved search; raises NameUnknown, and what `add_search` raises for a line."""
        self._find_search(name)
        self._check_line(name, line)
        self._writer.change_search(name, line.strip())

    def rename_search(self, name: str, new_name: str) -> None:
        """Give a saved search another name, also in the lines of others. Raises NameUnknown and NameTaken."""
        self._find_search(name)
        if new_name == name:
            return
        check_saved_name(SEARCH, new_name)
        self._check_free(SEARCH, new_name, self._writer.load_searches())
        self._writer.rename_search(name, new_name)
        self._writer.rename_in_webhooks(name, new_name)
        self._rewrite_lines(
            lambda query: name in list_names(query).searches,
            lambda query: rename_search(query, name, new_name),
        )

    def remove_search(self, name: str) -> None:
        """Forget a saved search; raises NameUnknown, and NameInUse where others say its name."""
        self._find_search(name)
        self._check_unused(SEARCH, name, lambda query: name in list_names(query).searches)
        self._writer.remove_search(name)

    def note_look(self, name: str, seen_image: int) -> SavedSearch:
        """Note that the hits among the images up to this id have been seen; an earlier look stays."""
        saved = self._find_search(name)
        seen = min(seen_image, self._writer.newest_image())  # nobody has seen what is still to come
        self._writer.note_look(name, max(saved.seen_image, seen))
        return self._find_search(name)

    # -- concepts -------------------------------------------------------------------------------

    def keep_concept(self, name: str, examples: Examples) -> None:
        """Save a set of examples; it replaces one of the same name. Raises ImageNotFound."""
        if name not in self._writer.load_concepts():
            check_saved_name(CONCEPT, name)
        self._check_images(examples.good + examples.bad)
        self._writer.keep_concept(name, examples)

    def rename_concept(self, name: str, new_name: str) -> None:
        """Give a concept another name, also in saved searches. Raises NameUnknown and NameTaken."""
        self._find_concept(name)
        if new_name == name:
            return
        check_saved_name(CONCEPT, new_name)
        self._check_free(CONCEPT, new_name, self._writer.load_concepts())
        self._writer.rename_concept(name, new_name)
        self._rewrite_lines(
            lambda query: name in list_names(query).concepts,
            lambda query: rename_concept(query, name, new_name),
        )

    def remove_concept(self, name: str) -> None:
        """Forget a concept, not its images. Raises NameUnknown, and NameInUse where saved searches say it."""
        self._find_concept(name)
        self._check_unused(CONCEPT, name, lambda query: name in list_names(query).concepts)
        self._writer.forget_concept(name)

    # -- verdicts -------------------------------------------------------------------------------

    def state_verdict(self, kind: VerdictKind, images: Collection[int]) -> int:
        """Note that these images are all one picture, or that no two of them are; the verdict's number.

        Of one image alone, DIFFERENT says that its files shall be several. Raises InvalidQuery for too few or
        too many images, and ImageNotFound.
        """
        stated = tuple(sorted(set(images)))
        least = 1 if kind == DIFFERENT else 2
        if not least <= len(stated) <= MOST_JUDGED:
            raise InvalidQuery(f"a verdict is about {least} to {MOST_JUDGED} images, not about {len(stated)}")
        self._check_images(stated)
        return self._writer.add_verdict(kind, stated)

    def withdraw_verdict(self, verdict: int) -> None:
        """Take a verdict back, so that those which it contradicted count again. Raises VerdictNotFound."""
        if not self._writer.withdraw_verdict(verdict):
            raise VerdictNotFound(verdict)

    # -- webhooks -------------------------------------------------------------------------------

    def add_webhook(self, url: str, event: WebhookEvent, saved: str, secret: str) -> int:
        """Have an address told of what happens from now on; its number. Raises NameUnknown."""
        if event == "new-hits":
            self._find_search(saved)
        return self._writer.add_webhook(url, event, saved, secret)

    def note_told(self, webhook: int, told_image: int | None, failure: str) -> None:
        """Note that a webhook was told something, with the newest image that was looked at, or why not."""
        self._writer.note_told(webhook, told_image, failure)

    def remove_webhook(self, webhook: int) -> None:
        """Tell an address nothing any more. Raises WebhookUnknown."""
        if not self._writer.remove_webhook(webhook):
            raise WebhookUnknown(webhook)

    # -- keys -----------------------------------------------------------------------------------

    def create_key(self, name: str, scopes: Collection[str], restriction: Restriction | None = None) -> str:
        """Make an API key with these scopes, and return it; it cannot be read again.

        Raises NameTaken, and InvalidQuery for a restriction that cannot be kept with these scopes.
        """
        check_saved_name(KEY, name)
        check_restriction(restriction, scopes)
        self._check_free(KEY, name, [key.name for key in self._valid_keys()])
        self.note_deed(OWNER, "key create", name)
        return self._writer.create_key(name, sorted(set(scopes)), restriction)

    def revoke_key(self, name: str) -> ApiKey:
        """Revoke the API key of this name or prefix, and return what was known of it. Raises NameUnknown."""
        keys = self._valid_keys()
        key = next((key for key in keys if name in (key.name, key.prefix)), None)
        if key is None:
            raise NameUnknown(KEY, name, [key.name for key in keys])
        self._writer.revoke_key(key.prefix)
        self.note_deed(OWNER, "key revoke", key.name)
        return key

    # -- people ---------------------------------------------------------------------------------

    def create_person(
        self, name: str, password: str, scopes: Collection[str], restriction: Restriction | None = None
    ) -> None:
        """Let somebody sign in; raises NameTaken, and InvalidQuery as `create_key`, or for the password."""
        check_saved_name(PERSON, name)
        check_restriction(restriction, scopes)
        self._check_free(PERSON, name, self._list_people())
        person = Person(name, tuple(sorted(set(scopes))), utc_now(), None, restriction)
        self._writer.add_person(person, hash_password(password))
        self.note_deed(OWNER, "user create", name)

    def change_password(self, name: str, password: str) -> None:
        """Give somebody another password; every browser is signed out. Raises NameUnknown, InvalidQuery."""
        self._find_person(name)
        self._writer.change_password(name, hash_password(password))
        self.note_deed(OWNER, "user password", name)

    def remove_person(self, name: str) -> None:
        """Let somebody sign in no more; every browser is signed out. Raises NameUnknown."""
        self._find_person(name)
        self._writer.remove_person(name)
        self.note_deed(OWNER, "user remove", name)

    def begin_sign_in(self, who: Asker, lasting: timedelta) -> str:
        """Note a browser in which somebody is signed in from now on; the token that it holds."""
        return self._writer.begin_sign_in(who, utc_now() + lasting)

    def end_sign_in(self, token: str) -> None:
        """Let a token mean nobody any more."""
        self._writer.end_sign_in(token)

    def note_use(self, who: Asker) -> None:
        """Note that a key or a person asked just now."""
        if isinstance(who, Person):
            self._writer.note_person_use(who.name)
        else:
            self._writer.note_key_use(who.prefix)

    def note_deed(self, who: str, what: str, about: str) -> None:
        """Note in the journal who did what."""
        self._writer.add_deed(who, what, about)

    def _list_people(self) -> list[str]:
        return [person.name for person in self._writer.load_people()]

    def _find_person(self, name: str) -> None:
        if name not in (known := self._list_people()):
            raise NameUnknown(PERSON, name, known)

    def _valid_keys(self) -> list[ApiKey]:
        return [key for key in self._writer.load_keys() if key.revoked_at is None]

    # -- checks ---------------------------------------------------------------------------------

    def _find_search(self, name: str) -> SavedSearch:
        searches = self._writer.load_searches()
        if name not in searches:
            raise NameUnknown(SEARCH, name, list(searches))
        return searches[name]

    def _find_concept(self, name: str) -> None:
        concepts = self._writer.load_concepts()
        if name not in concepts:
            raise NameUnknown(CONCEPT, name, list(concepts))

    def _check_free(self, kind: str, name: str, taken: Collection[str]) -> None:
        if name in taken:
            raise NameTaken(kind, name)

    def _check_unused(self, kind: str, name: str, says_name: Callable[[Query], bool]) -> None:
        if users := [other for other, query in self._load_queries().items() if says_name(query)]:
            raise NameInUse(kind, name, users)

    def _check_line(self, name: str, line: str) -> None:
        """Raise InvalidQuery or ImageNotFound for a line that could not be answered at any time, anywhere."""
        query = parse_query(line)
        check_signals(query, self._library.signal_names)
        _check_pictures(query)
        stored = [part.picture if isinstance(part, Palette) else part for part in query.single_parts]
        ids = [part.image_id for part in stored if isinstance(part, StoredPicture)]
        self._check_images((*ids, *query.examples.good, *query.examples.bad))
        names, queries = list_names(query), self._load_queries() | {name: query}
        recipes = {query.options.recipe} - {None}
        _check_known("concept", names.concepts, self._writer.load_concepts())
        _check_known("recipe", recipes, self._writer.load_recipes())
        _check_known("saved search", names.searches, {*self._writer.load_searches(), name})
        if cycle := find_cycle(name, queries):
            raise InvalidQuery(
                f"saved:{cycle[1]}: leads back to this search ({' → '.join(cycle)}); leave it out"
            )

    def _check_images(self, ids: Collection[int]) -> None:
        images = self._writer.load_images(ids)
        for image_id in ids:
            if image_id not in images:
                raise ImageNotFound(image_id)

    def _load_queries(self) -> dict[str, Query]:
        """The saved searches as queries, without those that another version wrote in another language."""
        queries: dict[str, Query] = {}
        for name, saved in self._writer.load_searches().items():
            with suppress(InvalidQuery):
                queries[name] = parse_query(saved.line)
        return queries

    def _rewrite_lines(self, is_meant: Callable[[Query], bool], change: Callable[[Query], Query]) -> None:
        for name, query in self._load_queries().items():
            if is_meant(query):
                self._writer.change_search(name, format_query(change(query)))


def check_restriction(restriction: Restriction | None, scopes: Collection[str]) -> None:
    """Raise InvalidQuery for a restriction that says nothing, or scopes that concern the whole library."""
    if restriction is None:
        return
    if whole := sorted(set(scopes) - set(RESTRICTED_SCOPES)):
        raise InvalidQuery(
            f"{', '.join(whole)}: concerns the whole library; who is restricted to a {restriction.kind} may "
            f"{', '.join(RESTRICTED_SCOPES)}"
        )
    if restriction.kind == "folder" and not restriction.value.startswith("/"):
        raise InvalidQuery(f"{restriction.value}: give the whole path of the folder, from / on")
    if not restriction.value.isprintable() or not restriction.value.strip():
        raise InvalidQuery(f"{restriction.value!r}: no {restriction.kind} can be called so")


def _check_pictures(query: Query) -> None:
    """Raise InvalidQuery for a picture from outside, which may be gone when the search is asked again."""
    for part in query.single_parts:
        picture = part.picture if isinstance(part, Palette) else part
        if isinstance(picture, Picture):
            raise InvalidQuery(
                "a saved search finds the like of stored images alone, so that it can always be answered; "
                "index the picture and write image:ID in the place of file:, url: and upload:"
            )


def _check_known(kind: str, names: Collection[str | None], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise NameUnknown(kind, str(name), sorted(known))
