"""Credentials in URLs: they go out of whatever is shown or written.

RFC 3986 puts them before the host. What people write in their place is not always a URL: a password may have a slash, a
space or an @ in it, and the scheme may be missing.
"""

import re

#: The `://` of a URL and all up to its last @ before the host; where what would be the port is none, that is half a
#: password, which goes on to the next @. Without a scheme, what looks like USER:PASSWORD@.
_CREDENTIALS = r"""
    (?<![A-Za-z0-9+.-]) (?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)? ://
    (?P<user>
        [^\s/?\#`]* (?=@)
        | [^\s/?\#`@:\[]* : (?! [0-9]* (?: [\s/?\#`'",;:)\]] | $ ) ) [^\n@]{0,1024} (?=@)
    ) @
    | (?<![\w.:@+%-]) [\w.+%-]+ : [^\s/@`]+ @
"""


def without_credentials(text: str) -> str:
    """Return a text without the user names and passwords of the URLs in it.

    A name alone is no secret where logging in takes a key (ssh), nor is the customary "git", and both are needed.
    """
    if "@" not in text:
        return text
    # compiled where it is wanted first, if ever
    return re.sub(_CREDENTIALS, _kept, text, flags=re.VERBOSE)


def _kept(match: re.Match[str]) -> str:
    scheme, user = match["scheme"] or "", match["user"]
    if user is None:
        return ""
    name = user.partition(":")[0]
    return f"{scheme}://{name}@" if user == "git" or scheme.endswith("ssh") else f"{scheme}://"
