"""URLs of requirements: what stands behind their `#`, and git's, `git+SCHEME://PLACE[@REVISION][#subdirectory=…]`."""

from urllib.parse import parse_qsl

from siteroot.model.lock import GitSource, UrlSource

from .credentials import without_credentials
from .distribution_names import ARCHIVE_ENDINGS

NO_GIT_URL = "a git URL has a scheme and two slashes: git+ssh://HOST/PATH"


def split_fragment(url: str) -> tuple[str, dict[str, str]]:
    """Return what is before the `#` of a URL, and the words behind it (`egg=…&subdirectory=…`)."""
    address, _, fragment = url.partition("#")
    return address, dict(parse_qsl(fragment.replace("+", "%2B"), keep_blank_values=True))


def parse_git_url(url: str) -> GitSource:
    """Return the repository that a `git+` URL names, with no commit yet. Raises ValueError with the reason."""
    address, words = split_fragment(url)
    scheme, mark, rest = address.removeprefix("git+").partition("://")
    if not mark:
        raise ValueError(NO_GIT_URL)
    if not words.get("path", "x.whl").endswith(ARCHIVE_ENDINGS):
        raise ValueError(f"`path={words['path']}` ends as no wheel or archive does")
    place, at, revision = rest.rpartition("@")
    if not at or "/" not in place:  # it is the login that ends there
        place, revision = rest, ""
    return GitSource(
        url=f"{scheme}://{place}",
        commit="",
        subdirectory=words.get("subdirectory") or None,
        requested=revision or None,
        path=words.get("path"),
        lfs=words.get("lfs", "").lower() == "true",
    )


def render_url(source: UrlSource) -> str:
    """Return the URL that a requirement names a file by, without credentials."""
    fragment = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return f"{without_credentials(source.url)}{fragment}"


def render_git_url(source: GitSource) -> str:
    """Return the URL that a requirement names a commit by, without credentials."""
    words = [f"subdirectory={source.subdirectory}"] if source.subdirectory else []
    words += [f"path={source.path}"] if source.path else []
    words += ["lfs=true"] if source.lfs else []
    fragment = f"#{'&'.join(words)}" if words else ""
    return f"git+{without_credentials(source.url)}@{source.commit}{fragment}"
