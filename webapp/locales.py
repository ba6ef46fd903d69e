"""The languages of the pages: which one a visitor reads, its messages, its numbers and its dates.

Messages stand in code and templates in English; `translations/LANGUAGE/LC_MESSAGES/messages.po` has them in
another language. The interface for programs speaks English alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations
from babel.units import format_unit
from flask import Flask, request
from flask_babel import Babel, get_locale
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from werkzeug import Response

# English dates are in the order of day, month, year.
LANGUAGES: Final[Mapping[str, Locale]] = {"en": Locale("en", "GB"), "de": Locale("de")}
ENGLISH: Final = "en"
COOKIE: Final = "pictor_language"
TRANSLATIONS: Final = Path(__file__).parent / "translations"
SCRIPTS: Final = "webapp/static/"  # where the messages of scripts are found
SIZE_UNITS: Final = ("byte", "kilobyte", "megabyte", "gigabyte", "terabyte")

Messages: TypeAlias = dict[str, list[str]]


def speak_languages(app: Flask) -> None:
    """Have pages speak the language of their visitor: gettext, numbers and dates in templates."""
    Babel(app, locale_selector=lambda: str(LANGUAGES[_choose_language()]))
    # In place of its own, which looks for the folder of the files first: a page has a thousand messages.
    app.jinja_env.install_gettext_callables(_find_message, _find_form, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals |= {
        "ngettext": _ngettext_in_template,
        "language": current_language,
        "languages": {name: locale.get_language_name() for name, locale in LANGUAGES.items()},
        "script_messages": script_messages,
    }
    app.jinja_env.filters |= {
        "number": format_number,
        "date": format_day,
        "time": format_time,
        "file_size": format_file_size,
        "percent": format_share,
    }
    app.after_request(_name_language)


def current_language() -> str:
    """The language of the page that is being made; English outside of a request."""
    locale = get_locale()
    return locale.language if locale else ENGLISH


def _choose_language() -> str:
    """The one that the visitor chose, or else the first of the browser's that pages speak."""
    if request.path.startswith("/api/"):
        return ENGLISH
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, ENGLISH)


def _name_language(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = current_language()
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def _find_message(message: str) -> str:
    return str(load_translations(current_language()).gettext(message))


def _find_form(singular: str, plural: str, num: int) -> str:
    return str(load_translations(current_language()).ngettext(singular, plural, num))


def gettext(message: str, **values: object) -> str:
    """The message in the language of the page, with its values in their places, such as `%(name)s`."""
    found = _find_message(message)
    return found % values if values else found


def gettext_noop(message: str) -> str:
    """The message itself: marks one that stands in a table, and is translated where it is shown."""
    return message


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """The form of a message for a number of things, in which `%(num)s` is the number."""
    found = _find_form(singular, plural, num)
    return found % ({"num": format_number(num)} | values)


@pass_context
def _ngettext_in_template(context: Context, singular: str, plural: str, num: int, **values: object) -> str:
    found = _find_form(singular, plural, num)
    is_markup = context.eval_ctx.autoescape
    return (Markup(found) if is_markup else found) % ({"num": format_number(num)} | values)


def format_number(number: float, digits: int | None = None) -> str:
    """A number by the customs of the visitor's language, with so many digits behind the point."""
    pattern = None if digits is None else f"#,##0{'.' if digits else ''}{'0' * digits}"
    return format_decimal(number, format=pattern, locale=_locale())


def format_share(share: float) -> str:
    """A share of 1 in whole percent."""
    return format_percent(share, locale=_locale())


def format_day(day: date) -> str:
    """Such as 4 May 2020."""
    return format_date(day, format="long", locale=_locale())


def format_time(moment: datetime) -> str:
    """Such as 4 May 2020, 10:11, as the clock at that place showed it."""
    local = moment.replace(tzinfo=None)
    return ", ".join(format_skeleton(skeleton, local, locale=_locale()) for skeleton in ("yMMMd", "Hm"))


def format_month(year: int, month: int) -> str:
    """Such as May 2020."""
    return format_skeleton("yMMMM", datetime(year, month, 1), locale=_locale())


def month_name(month: int) -> str:
    """Such as May."""
    return str(_locale().months["stand-alone"]["wide"][month])


def format_amount(number: float, unit: str, digits: int = 0) -> str:
    """A number with its unit, by its name in CLDR, such as 3.5 hours."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_unit(number, unit, "long", format=pattern, locale=_locale())


def format_file_size(size: float) -> str:
    """Such as 1.2 MB."""
    unit = 0
    while size >= 999.5 and unit < len(SIZE_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    pattern = "0.0" if unit and size < 99.95 else "0"
    written = format_unit(size, f"digital-{SIZE_UNITS[unit]}", "short", format=pattern, locale=_locale())
    return written.replace(" ", "\N{NO-BREAK SPACE}")


def _locale() -> Locale:
    return LANGUAGES[current_language()]


@cache
def load_translations(language: str) -> NullTranslations:
    """The messages of a language as gettext reads them; those of English stand in the code."""
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, load_catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def script_messages(language: str) -> Messages:
    """The messages of the scripts, each with its forms in a language; none for English."""
    if language == ENGLISH:
        return {}
    of_scripts = [
        message
        for message in load_catalogue(language)
        if any(place.startswith(SCRIPTS) for place, _ in message.locations)
    ]
    return {_list_forms(message.id)[0]: _list_forms(message.string) for message in of_scripts}


def load_catalogue(language: str) -> Catalog:
    """The file of a language, as people edit it."""
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def _list_forms(text: str | Iterable[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())
