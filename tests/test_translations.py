"""Every sentence a person can read exists in Chinese too; `make messages` collects new ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted((ROOT / "labshare" / "translations").glob("*/LC_MESSAGES/messages.po"))
PLACEHOLDER = re.compile(r"%\((\w+)\)")


def spoken() -> set[object]:
    """Every message id in the code and the templates; a tuple where there is a plural."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT / "labshare", methods, options, keywords=DEFAULT_KEYWORDS)
    return {message for _, _, message, _, _ in found if message}


def written(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def translations(message: Message) -> Iterator[str]:
    yield from (message.string if isinstance(message.string, list | tuple) else [message.string])


def test_there_is_a_chinese_catalogue() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["zh_Hans_CN"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_catalogue_holds_exactly_what_is_said(path: Path) -> None:
    known = {message.id for message in written(path) if message.id}
    said = spoken()
    assert sorted(map(str, said - known)) == [], "new sentences: run `make messages`, then translate"
    assert sorted(map(str, known - said)) == [], "sentences nobody says any more: run `make messages`"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_sentence_is_translated_and_keeps_its_placeholders(path: Path) -> None:
    for message in written(path):
        if not message.id:
            continue
        assert not message.fuzzy, f"fuzzy: {message.id}"
        ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
        for text in translations(message):
            assert text, f"not translated: {message.id}"
            lost = set(PLACEHOLDER.findall(" ".join(ids))) ^ set(PLACEHOLDER.findall(text))
            assert not lost - {"num"}, f"placeholders differ: {message.id}"
