import pytest

from siteroot.formats.pyproject import PyprojectError, parse_pyproject
from siteroot.formats.settings_table import OWN_KEYS, SHARED_KEYS
from siteroot.formats.uv_toml import UvTomlError, parse_uv_toml
from siteroot.model.settings import (
    ExtraBuildRequirement,
    IndexSetting,
    LinkMode,
    MirrorSetting,
    Settings,
)

#: Each shared key with a value and the settings that it stands for.
SHARED: dict[str, tuple[str, Settings]] = {
    "allow-insecure-host": ('["h:1"]', Settings(allow_insecure_host=("h:1",))),
    "cache-dir": ('"/cache"', Settings(cache_dir="/cache")),
    "concurrent-downloads": ("7", Settings(concurrent_downloads=7)),
    "dependency-metadata": ('[{ name = "a" }]', Settings(dependency_metadata=({"name": "a"},))),
    "exclude-newer": ('"3 days"', Settings(exclude_newer="3 days")),
    "exclude-newer-package": ('{ A_b = "2026-01-01", c = false }', Settings(exclude_newer_package={"a-b": "2026-01-01", "c": "false"})),
    "extra-index-url": ('["https://e"]', Settings(indexes=(IndexSetting(url="https://e"),))),
    "find-links": ('["wheels", "https://f"]', Settings(find_links=("/app/wheels", "https://f"))),
    "fork-strategy": ('"fewest"', Settings(fork_strategy="fewest")),
    "http-proxy": ('"http://p"', Settings(http_proxy="http://p")),
    "https-proxy": ('"http://p"', Settings(https_proxy="http://p")),
    "index": (
        '[{ url = "https://i", name = "n", explicit = true, authenticate = "always" }, { url = "../flat", format = "flat", default = true }]',
        Settings(indexes=(
            IndexSetting(url="https://i", name="n", explicit=True, authenticate="always"),
            IndexSetting(url="/flat", flat=True, default=True)))),
    "index-url": ('"https://m"', Settings(indexes=(IndexSetting(url="https://m", default=True),))),
    "config-settings": ('{ a = "1", b = ["2", "3"] }', Settings(config_settings={"a": "1", "b": ("2", "3")})),
    "config-settings-package": (
        '{ A_b = { c = "1" } }', Settings(config_settings_package={"a-b": {"c": "1"}})),
    "extra-build-dependencies": (
        '{ A_b = ["c>1", { requirement = "d", match-runtime = true }] }',
        Settings(extra_build_dependencies={"a-b": (
            ExtraBuildRequirement(text="c>1", match_runtime=False),
            ExtraBuildRequirement(text="d", match_runtime=True))})),
    "extra-build-variables": ('{ A_b = { C = "1" } }', Settings(extra_build_variables={"a-b": {"C": "1"}})),
    "require-build-hashes": ("true", Settings(require_build_hashes=True)),
    "no-build-isolation": ("true", Settings(no_build_isolation=True)),
    "no-build-isolation-package": ('["A_b"]', Settings(no_build_isolation_package=("a-b",))),
    "keyring-provider": ('"subprocess"', Settings(keyring_provider="subprocess")),
    "compile-bytecode": ("true", Settings(compile_bytecode=True)),
    "link-mode": ('"symlink"', Settings(link_mode=LinkMode.SYMLINK)),
    "native-tls": ("true", Settings(system_certs=True)),
    "no-binary": ("true", Settings(no_binary=True)),
    "no-binary-package": ('["A_b"]', Settings(no_binary_package=("a-b",))),
    "no-build": ("false", Settings(no_build=False)),
    "no-build-package": ('["A_b"]', Settings(no_build_package=("a-b",))),
    "no-cache": ("true", Settings(no_cache=True)),
    "no-index": ("true", Settings(no_index=True)),
    "index-strategy": (
        '"unsafe-best-match"',
        Settings(index_strategy="unsafe-best-match"),
    ),
    "no-proxy": ('["h"]', Settings(no_proxy=("h",))),
    "no-sources": ("true", Settings(no_sources=True)),
    "no-sources-package": ('["A_b"]', Settings(no_sources_package=("a-b",))),
    "offline": ("true", Settings(offline=True)),
    "prerelease": ('"explicit"', Settings(prerelease="explicit")),
    "prerelease-package": ('{ A_b = "allow" }', Settings(prerelease_package={"a-b": "allow"})),
    "python-preference": ('"system"', Settings(python_preference="system")),
    "reinstall": ("true", Settings(reinstall=True)),
    "reinstall-package": ('["A_b"]', Settings(reinstall_package=("a-b",))),
    "resolution": ('"lowest"', Settings(resolution="lowest")),
    "system-certs": ("true", Settings(system_certs=True)),
}  # fmt: skip
OWN: dict[str, tuple[str, Settings]] = {
    "break-system-packages": ("true", Settings(break_system_packages=True)),
    "build-network": ('"none"', Settings(build_network="none")),
    "build-timeout": ("9", Settings(build_timeout=9)),
    "exact": ("true", Settings(exact=True)),
    "http-connect-timeout": ("2", Settings(http_connect_timeout=2.0)),
    "http-retries": ("0", Settings(http_retries=0)),
    "http-timeout": ("1.5", Settings(http_timeout=1.5)),
    "limit-members": ("9", Settings(limit_members=9)),
    "limit-size": ("9", Settings(limit_size=9)),
    "mirrors": (
        '{"https://a.example/simple" = "../pages"}',
        Settings(mirrors=(MirrorSetting(replaced="https://a.example/simple", url="/pages"),)),
    ),
    "overwrite": ("true", Settings(overwrite=True)),
    "durable": ("true", Settings(durable=True)),
    "prefix": ('"/abs"', Settings(prefix="/abs")),
    "pth": ('"off"', Settings(pth="off")),
    "pypackages": ("true", Settings(pypackages=True)),
    "require-hashes": ("true", Settings(require_hashes=True)),
    "strict": ("true", Settings(strict=True)),
    "target": ('"pkgs"', Settings(target="/app/pkgs")),
    "tolerate-record": ('["A_b"]', Settings(tolerate_record=("a-b",))),
}  # fmt: skip


def own(text: str) -> Settings:
    read = parse_pyproject(f"[tool.siteroot]\n{text}".encode(), "/app/pyproject.toml")
    assert read.siteroot_settings is not None
    return read.siteroot_settings


def test_the_tables_here_have_every_key() -> None:
    assert SHARED.keys() == SHARED_KEYS
    assert OWN.keys() == OWN_KEYS


@pytest.mark.parametrize("key", sorted(SHARED_KEYS))
def test_a_shared_key_means_the_same_in_every_file(key: str) -> None:
    value, settings = SHARED[key]
    line = f"{key} = {value}"
    in_uv = parse_pyproject(f"[tool.uv]\n{line}".encode(), "/app/pyproject.toml").uv_settings
    assert in_uv == parse_uv_toml(line.encode(), "/app/uv.toml") == own(line) == settings


@pytest.mark.parametrize("key", sorted(OWN_KEYS))
def test_a_key_of_siteroot_alone(key: str) -> None:
    value, settings = OWN[key]
    assert own(f"{key} = {value}") == settings
    with pytest.raises(UvTomlError, match=f"{key}: is no setting of uv"):
        parse_uv_toml(f"{key} = {value}".encode(), "/app/uv.toml")


def test_indexes_stand_in_the_order_that_uv_asks_them() -> None:
    text = 'index-url = "https://main"\nextra-index-url = ["https://extra"]\nindex = [{ url = "https://first" }]'
    indexes = parse_uv_toml(text.encode(), "/app/uv.toml").indexes
    assert [index.url for index in indexes] == ["https://first", "https://extra", "https://main"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limit-members = 0", "limit-members: is 0 where at least 1 is expected"),
        ("limit-size = -1", "limit-size: is negative"),
        ("http-timeout = true", "http-timeout: is not a number of seconds above 0"),
        ("http-timeout = -1", "http-timeout: is not a number of seconds above 0"),
        ("http-timeout = inf", "http-timeout: is not a number of seconds above 0"),
        ('target = ""', "target: is empty where a folder is expected"),
        ('target = "a"\nprefix = "b"', "has target and prefix, but a root goes to one place"),
        ('pth = "on"', "pth: is `on` where one of auto, off is expected"),
        ('prerelease-package = { a = "b" }', "prerelease-package.a: is `b` where one of disallow"),
        ('index = [{ url = "" }]', "index[0].url: is empty"),
        ("exclude-newer = true", "exclude-newer: is true or false where a string is expected"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_key_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(PyprojectError) as caught:
        own(text)
    assert f"tool.siteroot.{message}" in caught.value.message.replace(
        "tool.siteroot: ", "tool.siteroot."
    )


def test_a_key_of_pyproject_is_refused_in_uv_toml() -> None:
    with pytest.raises(UvTomlError, match=r"sources: may stand only in a pyproject\.toml"):
        parse_uv_toml(b"sources = {}", "/app/uv.toml")


def test_an_unknown_key_is_refused_in_uv_toml_with_the_near_name() -> None:
    with pytest.raises(UvTomlError, match="did you mean `offline`") as caught:
        parse_uv_toml(b"ofline = true", "/home/uv.toml")
    assert caught.value.where == "/home/uv.toml"
