"""Pages speak the language of their visitor, and no string of theirs is left without a translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from jinja2 import Environment, nodes

from webapp.locales import LANGUAGES, SCRIPTS, load_catalogue, script_messages

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "webapp/templates").glob("*.html"))
GETTEXT = {"_", "gettext", "ngettext"}
VISIBLE = {"title", "alt", "placeholder", "aria-label", "aria-description"}
UNTRANSLATED = {
    "code",
    "kbd",
    "svg",
    "pre",
    "script",
    "style",
}  # elements whose text is the same in all languages
NAMES = re.compile(r"\b(?:Pictor|JSON|SHA-256|UTC)\b|<.*>|#[0-9a-f]{6}")
# The modules that make text for pages beside templates.
WORDED = ("wording", "reasons", "chips", "facets", "browse_pages", "steering", "colours", "repairs")
SENTENCE = re.compile(r"^[A-Z][a-z]+$|[A-Za-z]+ [a-z]+")
WORD = re.compile(r"[^\W\d_]{2,}")
MARK = re.compile("\ue000(\\d+)\ue001")
PLACE = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The messages that stand in the pages now."""
    path = tmp_path_factory.mktemp("messages") / "pictor.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        options = [
            "-q",
            "extract",
            "-F",
            "pyproject.toml",
            "-k",
            "gettext_noop",
            "-k",
            "Remark",
            "--add-location=file",
        ]
        CommandLineInterface().run(["pybabel", *options, "-o", str(path), "."])
    with path.open("rb") as file:
        return read_po(file)


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def of_scripts(message: Message) -> bool:
    return any(place.startswith(SCRIPTS) for place, _ in message.locations)


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_every_message_is_translated(extracted: Catalog, language: str) -> None:
    catalogue = load_catalogue(language)
    wanted = {message.id: message for message in extracted if message.id}
    known = {message.id: message for message in catalogue if message.id}
    assert wanted.keys() == known.keys(), "bring the catalogue up to date (webapp/translations/README.md)"
    for message_id, message in known.items():
        english, own = forms(message_id), forms(message.string)
        assert all(own), message_id
        assert len(own) == (1 if len(english) == 1 else catalogue.num_plurals), message_id
        places = [set(PLACE.findall(text)) for text in (english[-1], *own[-1:])]
        assert places[0] == places[1], message_id
        assert of_scripts(message) == of_scripts(wanted[message_id]), message_id


class _VisibleText(HTMLParser):
    """The text that a template shows, with a mark for what an expression stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shown.extend(value or "" for name, value in attrs if name in VISIBLE)
        if tag in UNTRANSLATED:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.shown.append(data)


def find_unwrapped(source: str) -> set[str]:
    """The words of a template that people would read in English whatever their language."""
    env = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    env.newstyle_gettext = True  # type: ignore[attr-defined]
    tree = env.parse(source)
    constants: list[str] = []
    text = "".join(_write_out(tree, constants))
    parser = _VisibleText()
    parser.feed(text)
    shown = [MARK.sub(lambda match: f" {constants[int(match[1])]} ", part) for part in parser.shown]
    sentences = {value for value in _list_constants(tree) if SENTENCE.search(value)}
    return {part.strip() for part in (*shown, *sentences) if WORD.search(NAMES.sub("", part))}


def _write_out(tree: nodes.Node, constants: list[str]) -> Iterator[str]:
    """The text of a template in its order, with the strings that expressions yield as marks."""
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                yield part.data
            else:
                constants.append(" ".join(_list_results(part)))
                yield f"\ue000{len(constants) - 1}\ue001"


def _list_results(node: nodes.Node) -> Iterator[str]:
    """The constant strings among what an expression may yield."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _list_results(node.expr1)
        if node.expr2:
            yield from _list_results(node.expr2)
    elif isinstance(node, nodes.Concat | nodes.Or | nodes.Add | nodes.MarkSafeIfAutoescape):
        for child in node.iter_child_nodes():
            yield from _list_results(child)


def _list_constants(node: nodes.Node) -> Iterator[str]:
    """All constant strings of expressions that are neither handed to gettext nor compared with."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        is_wrapped = isinstance(child, nodes.Call) and getattr(child.node, "name", "") in GETTEXT
        if not is_wrapped and not isinstance(child, nodes.Compare):
            yield from _list_constants(child)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_holds_unwrapped_text(path: Path) -> None:
    assert find_unwrapped(path.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        "<p>Filters</p>",
        '<p title="all filters">…</p>',
        '<p>{{ "picture" if count == 1 else "pictures" }}</p>',
        '<a aria-label="{{ "first" if one }}">1</a>',
        '{% call state("search", "Nothing here") %}{% endcall %}',
        '{% set words = {"add": "It is so"} %}',
    ],
)
def test_planted_text_is_found(source: str) -> None:
    assert find_unwrapped(source)


def list_sentences(node: ast.AST) -> Iterator[str]:
    """The sentences of a module that are handed to no gettext, raised by no error, and no docstring."""
    for child in node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node):
        name = (
            getattr(child.func, "id", getattr(child.func, "attr", "")) if isinstance(child, ast.Call) else ""
        )
        if isinstance(child, ast.Expr | ast.Raise) or name in GETTEXT | {"gettext_noop", "Field", "compile"}:
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and SENTENCE.search(child.value):
            yield child.value
        yield from list_sentences(child)


@pytest.mark.parametrize("name", WORDED)
def test_no_module_that_makes_page_text_holds_unwrapped_sentences(name: str) -> None:
    assert list(list_sentences(ast.parse((ROOT / "webapp" / f"{name}.py").read_text("utf-8")))) == []


def test_no_script_holds_unwrapped_sentences() -> None:
    wrapped = re.compile(r'gettext\((?:"[^"]*"(?:,\s*)?)+|(?:^|\s)//.*$', re.MULTILINE)
    sentence = re.compile(r"[A-Z][a-z]+ [a-z…]+|\} [a-z]{3,}|^[A-Z][a-z]+[.!?]$|^[A-Z][^$]* \$\{")
    found = [
        (path.name, literal)
        for path in sorted((ROOT / SCRIPTS).glob("*.js"))
        for literal in re.findall(r'"[^"\n]*"|`[^`]*`', wrapped.sub("", path.read_text("utf-8")))
        if sentence.search(literal[1:-1])
    ]
    assert found == []


def test_a_page_speaks_the_language_of_the_browser(client: FlaskClient) -> None:
    answer = client.get("/?q=zzzz", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert answer.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    for words in (
        '<html lang="de"',
        "Nichts gefunden",
        "0 Bilder",
        ">Suchen<",
        "12 Bilder · Alles bleibt auf",
    ):
        assert words in answer.text
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "sv,pt"}).text


def test_the_switch_of_the_footer_is_remembered(client: FlaskClient) -> None:
    page = {"Referer": "http://localhost/images/1?x=y"}
    try:
        answer = client.post("/language", data={"language": "de"}, headers=page)
        assert (answer.status_code, answer.location) == (303, "/images/1?x=y")
        assert '<html lang="de"' in client.get("/images/1", headers={"Accept-Language": "en"}).text
        client.post("/language", data={"language": "xx"})
        assert '<html lang="de"' in client.get("/").text
        elsewhere = client.post(
            "/language", data={"language": "en"}, headers={"Referer": "https://evil.example/"}
        )
        assert elsewhere.location == "/"
        assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "de"}).text
    finally:
        client.delete_cookie("pictor_language")


def test_programs_are_answered_in_english(client: FlaskClient) -> None:
    german = {"Accept-Language": "de"}
    for path in ("/api/v1/search?q=harbour&limit=3", "/api/v1/images/9999", "/api/v1/search?limit=x"):
        assert client.get(path, headers=german).json == client.get(path).json


def test_numbers_and_dates_are_those_of_the_language(client: FlaskClient) -> None:
    page = client.get("/images/2", headers={"Accept-Language": "de"}).text
    assert "<dd>2. Jan. 2020, 12:00</dd>" in page
    assert "tabby" in page
    assert "83\xa0%" in page


def test_a_page_brings_the_messages_of_its_scripts() -> None:
    assert script_messages("en") == {}
    messages = script_messages("de")
    assert messages["Path copied"] == ["Pfad kopiert"]
    assert len(messages["%(num)s selected"]) == 2
    assert "Filters" not in messages


def test_what_the_engine_says_is_in_the_language_of_the_page(client: FlaskClient) -> None:
    for language, said in (
        ("de", "Kommt in den Wörtern dieser Bibliothek nicht vor"),
        ("en", "Not among the words of this library"),
    ):
        html = client.get("/?q=nosuchword+harbour", headers={"Accept-Language": language}).text
        assert f'<p class="remark" lang="{language}">{said}' in html
    notes = client.get("/api/v1/search?q=nosuchword+harbour", headers={"Accept-Language": "de"}).json["notes"]
    assert notes[0].startswith("Not among the words of this library")
