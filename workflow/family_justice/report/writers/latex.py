"""The tables of a page as LaTeX, for a paper: one environment each, with the packages booktabs and longtable."""

from __future__ import annotations

from family_justice.report.tables.page_tables import Cell, Table

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "\u202f": r"\,", "\u00a0": "~", "–": "--", "−": "$-$", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$",
    "“": "``", "”": "''", "’": "'", "…": r"\ldots{}", "·": r"$\cdot$",
}  # fmt: skip
HEADER = """% Needs \\usepackage{booktabs, longtable} and XeLaTeX, LuaLaTeX or \\usepackage[utf8]{inputenc}.
% Released values only; see the notes below each table.
"""


def escape(text: str) -> str:
    """Return text in which no character has a meaning to LaTeX."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def latex(titled: list[tuple[str, Table]], preface: str = "") -> str:
    """Return the tables, each under the title of its analysis, as the body of a LaTeX document.

    ``preface``: what must be said of all of them, as a comment before the first.
    """
    said = f"% {' '.join(preface.split())}\n" if preface else ""
    return HEADER + said + "\n".join(_table(title, table) for title, table in titled)


def _table(title: str, table: Table) -> str:
    width = len(table.heads)
    share = f"p{{{0.9 / width:.2f}\\linewidth}}"  # columns of words break their lines
    words = {0, *table.text} if table.text else set()
    columns = "".join(share if place in words else "lr"[place > 0] for place in range(width))
    heads = " & ".join(escape(head) for head in table.heads)
    lines = [
        f"% {escape(title)}",
        rf"\begin{{longtable}}{{{columns}}}",
        rf"\caption{{{escape(table.caption)}}}\\",
        r"\toprule",
        rf"{heads} \\",
        r"\midrule",
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
    ]
    for row in table.rows:
        head = (r"\quad " if row.indent else "") + escape(row.head)
        if not row.cells:
            lines.append(rf"\multicolumn{{{width}}}{{l}}{{\textit{{{head}}}}} \\")
            continue
        lines.append(" & ".join([head, *(_cell(cell) for cell in row.cells)]) + r" \\")
    lines.append(r"\end{longtable}")
    if table.notes:
        lines.append(rf"\noindent{{\footnotesize {escape(' '.join(table.notes))}}}")
    return "\n".join(lines) + "\n"


def _cell(cell: Cell) -> str:
    return escape(f"{cell.text} {cell.sub}".strip())
