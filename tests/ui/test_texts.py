"""Texts of the pages keep together what belongs together."""

from lossviz.ui.texts import keep_percents


def test_no_line_breaks_between_a_number_and_its_percent_sign() -> None:
    assert keep_percents("then 50 % is worse") == "then 50\u00a0% is worse"
    assert keep_percents("a % of 3, and $95 \\%$") == "a % of 3, and $95 \\%$"
