"""Writes what users state beside a run: what they save by name, and verdicts; in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..query.values import Examples
from ..ranking.verdicts import VerdictKind
from . import deeds, keys, people, saved, verdicts, webhooks
from .clock import utc_now
from .reader import Reader
from .records import ApiKey, FusionRecipe, Person, Restriction, WebhookEvent


class SavedWriter(Reader):
    """Writes saved searches, concepts, recipes, verdicts and API keys; no image changes, so the change log
    gets no line.
    """

    def create_key(self, name: str, scopes: Sequence[str], restriction: Restriction | None) -> str:
        """Store a new API key, and return it; it cannot be read again."""
        return keys.create_key(self._connection, name, scopes, restriction)

    def revoke_key(self, prefix: str) -> None:
        """Let an API key allow nothing any more."""
        keys.update_key(self._connection, prefix, revoked_at=utc_now())

    def note_key_use(self, prefix: str) -> None:
        """Store that an API key was used just now."""
        keys.update_key(self._connection, prefix, last_used_at=utc_now())

    def add_person(self, person: Person, password_hash: str) -> None:
        """Store somebody whose name must not be taken."""
        people.insert_person(self._connection, person, password_hash)

    def change_password(self, name: str, password_hash: str) -> None:
        """Store another password of somebody, who then has to sign in again."""
        people.update_person(self._connection, name, password_hash=password_hash)
        people.end_sign_ins(self._connection, name)

    def remove_person(self, name: str) -> None:
        """Forget somebody."""
        people.delete_person(self._connection, name)

    def note_person_use(self, name: str) -> None:
        """Store that somebody was here just now."""
        people.update_person(self._connection, name, last_used_at=utc_now())

    def begin_sign_in(self, who: ApiKey | Person, ends_at: datetime) -> str:
        """Note a browser in which somebody is signed in until then; the token that it holds."""
        return people.begin_sign_in(self._connection, who, ends_at)

    def end_sign_in(self, token: str) -> None:
        """Let a token mean nobody any more."""
        people.end_sign_in(self._connection, token)

    def add_deed(self, who: str, what: str, about: str) -> None:
        """Note what somebody did just now."""
        deeds.add_deed(self._connection, who, what, about)

    def add_search(self, name: str, line: str) -> None:
        """Store a saved search, whose name must not be taken; all images of now count as seen."""
        saved.insert_search(self._connection, name, line, self.newest_image())

    def change_search(self, name: str, line: str) -> None:
        """Replace the line of a saved search."""
        saved.update_search(self._connection, name, {"line": line})

    def rename_search(self, name: str, new_name: str) -> None:
        """Give a saved search another name, which must not be taken."""
        saved.update_search(self._connection, name, {"name": new_name})

    def note_look(self, name: str, seen_image: int) -> None:
        """Store that somebody has now seen what a saved search finds among the images up to this id."""
        saved.update_search(self._connection, name, {"seen_image": seen_image, "looked_at": utc_now()})

    def remove_search(self, name: str) -> None:
        """Delete a saved search."""
        saved.delete_search(self._connection, name)

    def keep_concept(self, name: str, examples: Examples) -> None:
        """Store a set of examples by name; one of the same name is replaced."""
        saved.keep_concept(self._connection, name, examples)

    def rename_concept(self, name: str, new_name: str) -> None:
        """Give a concept another name, which must not be taken."""
        saved.rename_concept(self._connection, name, new_name)

    def forget_concept(self, name: str) -> bool:
        """Delete a concept; False if there is none of that name."""
        return saved.forget_concept(self._connection, name)

    def add_webhook(self, url: str, event: WebhookEvent, saved: str, secret: str) -> int:
        """Store a webhook, which is told of what happens from now on; its number."""
        told_image = self.newest_image()
        return webhooks.insert_webhook(self._connection, url, event, saved, secret, told_image)

    def note_told(self, webhook: int, told_image: int | None, failure: str) -> None:
        """Store that a webhook was told something, or why not."""
        values: dict[str, object] = {"failure": failure}
        values |= {} if failure else {"told_at": utc_now()}
        values |= {} if told_image is None else {"told_image": told_image}
        webhooks.update_webhook(self._connection, webhook, values)

    def rename_in_webhooks(self, name: str, new_name: str) -> None:
        """Let webhooks follow the new name of a saved search."""
        webhooks.rename_saved(self._connection, name, new_name)

    def remove_webhook(self, webhook: int) -> bool:
        """Delete a webhook; False if there is none of that number."""
        return webhooks.delete_webhook(self._connection, webhook)

    def add_verdict(self, kind: VerdictKind, images: tuple[int, ...]) -> int:
        """Store what somebody said about images; its number."""
        return verdicts.insert_verdict(self._connection, kind, images)

    def withdraw_verdict(self, verdict: int) -> bool:
        """Delete a verdict; False if there is none of that number."""
        return verdicts.delete_verdict(self._connection, verdict)

    def keep_recipe(self, recipe: FusionRecipe) -> None:
        """Store a recipe; one of the same name is replaced."""
        saved.keep_recipe(self._connection, recipe)
