"""The start tags that a page's links are made of, cut out in a time that grows with the page's length and no faster.

`html.parser` looks through the rest of a page once more for each tag and comment that nobody closes, so it is given one
whole tag at a time. What is no tag is what HTML says: comments, and what stands in scripts and titles.
"""

import re
from collections.abc import Iterator

#: No tag is longer: the longest of links are signed ones, of a few kilobytes.
LONGEST_TAG = 64 << 10

#: A tag's attributes: a quoted value may hold a `>`. Possessive, so that nothing is tried twice.
_ATTRIBUTES = r"""(?:[^=>]++|=\s*+(?:"[^"]*+"?|'[^']*+'?)?)*+"""
_MARKUP = re.compile(
    rf"""<(?=[a-z!/?])(?:
        (?P<tag>(?:a|base|meta)(?=[\s/>]){_ATTRIBUTES})>
        | !--(?:-?>|.*?(?:--!?>|\Z))
        | (?P<raw>script|style|textarea|title)(?=[\s/>]){_ATTRIBUTES}>?.*?(?:</(?P=raw)(?=[\s/>])|\Z)
        | [a-z]{_ATTRIBUTES}
        | [!/?][^>]*+
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE | re.ASCII,
)


def link_tags(text: str) -> Iterator[str | None]:
    """Yield the `<a>`, `<base>` and `<meta>` tags of a page in their order, None for one that is too long."""
    for found in _MARKUP.finditer(text):
        start, end = found.span("tag")
        if start >= 0:
            yield text[start - 1 : end + 1] if end - start < LONGEST_TAG else None
