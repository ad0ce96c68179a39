"""The part of Markdown that the benchmarks' results are written in, as reST."""

import re

_TOKENS = re.compile(r"(`[^`]+`|\*\*.+?\*\*|\[[^\]]+\]\([^)]+\))")
_SIGNS = "=-~"


def to_rst(text: str) -> str:
    """Turn headings, paragraphs, lists and tables into reStructuredText."""
    blocks = re.split(r"\n{2,}", text.strip())
    return "\n\n".join(_block(block.splitlines()) for block in blocks) + "\n"


def _block(lines: list[str]) -> str:
    heading = re.match(r"(#{1,3}) (.*)", lines[0])
    if heading:
        title = _inline(heading[2])
        rest = [_block(lines[1:])] if lines[1:] else []
        return "\n\n".join(
            [f"{title}\n{_SIGNS[len(heading[1]) - 1] * len(title)}", *rest]
        )
    if lines[0].startswith("|"):
        return _table([_cells(line) for line in lines if not _is_rule(line)])
    if lines[0].startswith("- "):
        return "\n".join(
            ("" if line.startswith("- ") else "  ")
            + ("- " if line.startswith("- ") else "")
            + _inline(line.strip().removeprefix("- "))
            for line in lines
        )
    return _inline("\n".join(lines))


def _is_rule(line: str) -> bool:
    return set(line) <= set("|-: ")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table(rows: list[list[str]]) -> str:
    width = max(map(len, rows))
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        cells = [*row, *[""] * (width - len(row))]
        for j, cell in enumerate(cells):
            lead = "   * - " if j == 0 else "     - "
            lines.append((lead + _inline(cell)).rstrip())
    return "\n".join(lines)


def _inline(text: str) -> str:
    """Escape what reStructuredText would take for markup, but keep code and bold."""
    parts = _TOKENS.split(text)
    return "".join(
        _token(part) if i % 2 else _plain(part) for i, part in enumerate(parts)
    )


def _token(token: str) -> str:
    if token.startswith("`"):
        # Markup ends where a word ends, or where it is told to.
        return f"\\ ``{' '.join(token[1:-1].split())}``\\ "
    if token.startswith("**"):
        return f"\\ **{_plain(token[2:-2].replace('`', ''))}**\\ "
    return _plain(re.sub(r"\[(.*)\]\(.*\)", r"\1", token))


def _plain(text: str) -> str:
    return re.sub(r"([\\*_`|])", r"\\\1", text)
