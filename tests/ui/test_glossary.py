"""The glossary: its entries, which of them a text uses, and its page."""

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from support.pages import controls_of, opened

import lossviz
from lossviz.pages import discover
from lossviz.ui.controls import Choice, MultiChoice, Slider
from lossviz.ui.glossary.entries import Term, terms, terms_in
from lossviz.ui.links import IN_TEXT, script_of, without_links

TEXTS = sorted((Path(lossviz.__file__).parent / "pages").glob("*/*.md"))
TITLES = {page.address: page.title for page in discover()}


def check_address(address: str) -> None:
    """There is such a page, and its controls take what the query says."""
    path, _, query = address.strip("/").partition("?")
    assert path in TITLES, f"no page has the address {address}"
    controls = {control.key: control for control in controls_of(path.replace("-", "_")).all}
    for key, value in parse_qsl(query, strict_parsing=bool(query)):
        control = controls[key]
        if isinstance(control, Choice | MultiChoice):
            assert value in control.options, f"{address}: {value} is none of {control.options}"
        if isinstance(control, Slider):
            assert control.low <= float(value) <= control.high, address


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.name)
def test_an_entry_is_a_sentence_a_formula_and_a_page(term: Term) -> None:
    assert term.sentence.endswith(".")
    assert term.formula.strip()
    assert "$" not in term.formula
    check_address(term.page)
    assert script_of(term.page.partition("?")[0]).exists()


def test_no_form_belongs_to_two_entries() -> None:
    forms = [form.lower() for term in terms() for form in term.forms]
    assert len(forms) == len(set(forms))


def test_the_terms_that_a_text_uses_are_found() -> None:
    def names(text: str) -> list[str]:
        return [term.name for term in terms_in(text)]

    assert names("The LOGITS of a cross-entropy.") == ["cross-entropy", "logit"]  # and no entropy
    assert names("**sigmoid**, *plateaus*; (seed)") == ["plateau", "seed", "sigmoid"]
    assert names("A negative log-likelihood, by gradient descent") == ["gradient descent", "log-likelihood"]
    assert names("$\\text{sharpness}$ and `softmax` and [Race](/race?race_view=Seeds)") == []
    assert names("the nature of a habit, weightless") == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_text_links_to_pages_by_their_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(IN_TEXT.findall(text)) == text.count("]("), "a link leads to a page of the app"
    for name, page, query in IN_TEXT.findall(text):
        assert name == TITLES[page]
        check_address(f"/{page}?{query}")
    assert "](" not in without_links(text)


def test_the_glossary_shows_every_term_and_finds_by_name_other_form_or_sentence() -> None:
    app = opened("glossary")
    assert [m.value for m in app.markdown if m.value.startswith("**")] == [term.markdown for term in terms()]
    for typed, name in (("LOGITS", "logit"), ("kullback", "KL divergence"), ("bowl", "convex")):
        app.text_input(key="glossary_find").set_value(typed).run()
        shown = [m.value for m in app.markdown if m.value.startswith("**")]
        assert any(text.startswith(f"**{name}**") for text in shown)
        assert len(shown) < len(terms())


@pytest.mark.parametrize("typed", ["zzz", "<script>alert(1)</script>", "[x](javascript:1)", "$\\frac"])
def test_a_word_that_no_entry_has_is_one_plain_sentence(typed: str) -> None:
    app = opened("glossary", {"glossary_find": typed})
    (sentence,) = [m.value for m in app.markdown if m.value.startswith("**")]
    assert sentence.startswith("**No term has")
    assert "<script" not in sentence
    assert "](" not in sentence
