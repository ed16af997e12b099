"""Tables for a paper."""

from __future__ import annotations

from family_justice.report.tables.page_tables import Cell, Row, Table
from family_justice.report.writers.latex import escape, latex


def test_no_character_of_a_label_has_a_meaning_to_latex() -> None:
    assert escape(r"50% of A&B_C {x} #1 $2 ~ ^ \ <10") == (
        r"50\% of A\&B\_C \{x\} \#1 \$2 \textasciitilde{} \textasciicircum{} \textbackslash{} \textless{}10"
    )
    assert escape("12\u202f345 – 1") == r"12\,345 -- 1"


def test_a_table_has_its_caption_heads_rows_and_notes() -> None:
    table = Table(
        "Return & age",
        ["Age", "n", "Ratio"],
        [Row("Mothers"), Row("under 20", [Cell("1\u202f205"), Cell("1.20", "1.10 to 1.31")], indent=True)],
        ["Counts are rounded."],
    )
    assert latex([("Returns", table)]).split("\n", 2)[2] == "\n".join([
        r"% Returns",
        r"\begin{longtable}{lrr}",
        r"\caption{Return \& age}\\",
        r"\toprule",
        r"Age & n & Ratio \\",
        r"\midrule",
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        r"\multicolumn{3}{l}{\textit{Mothers}} \\",
        r"\quad under 20 & 1\,205 & 1.20 1.10 to 1.31 \\",
        r"\end{longtable}",
        r"\noindent{\footnotesize Counts are rounded.}",
        "",
    ])  # fmt: skip
