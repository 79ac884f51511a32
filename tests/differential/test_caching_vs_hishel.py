"""Which answers may be used again, beside hishel, which implements RFC 9111 in full."""

import time
import uuid
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.index.caching import Recency, Verdict, cache_verdict, judge_answer

hishel = pytest.importorskip("hishel", reason="hishel, the twin, is not installed")
if not hasattr(hishel, "IdleClient"):  # before version 2
    pytest.skip("this hishel is no twin yet", allow_module_level=True)

_directives = st.lists(
    st.sampled_from(
        ["max-age=600", "max-age=0", "no-cache", "no-store", "private", "s-maxage=9", "public"]
    ),
    max_size=3,
    unique_by=lambda directive: directive.partition("=")[0],  # of two it is free to take either
).map(", ".join)
_headers = st.fixed_dictionaries(
    {"cache-control": _directives},
    optional={
        "age": st.sampled_from(["0", "100", "1000"]),
        "expires": st.sampled_from([-600, 600]),
        "etag": st.just('"a"'),
    },
)


@given(_headers)
def test_the_same_answers_are_used_again(drawn: dict[str, object]) -> None:
    now = time.time()
    headers = {name: str(value) for name, value in drawn.items()}
    # hishel takes the age from the date alone
    headers["date"] = formatdate(now - int(headers.get("age", "0")))
    if isinstance(moment := drawn.get("expires"), int):
        headers["expires"] = formatdate(now + moment)
    validity = judge_answer(headers, now)
    ours = validity is not None and cache_verdict(validity, Recency.OBEYED, now) is Verdict.SERVE
    request = hishel.Request(method="GET", url="https://index.example/simple/a/")
    answer = hishel.Response(status_code=200, headers=hishel.Headers(headers))
    options = hishel.CacheOptions(shared=False, supported_methods=["GET"], allow_stale=False)
    stored = hishel.IdleClient(options=options).next(request, [])
    kept = isinstance(stored.next(answer), hishel.StoreAndUse)
    entry = hishel.Entry(id=uuid.uuid4(), request=request, response=answer)
    looked_up = hishel.IdleClient(options=options).next(request, [entry])
    assert ours is (kept and isinstance(looked_up, hishel.FromCache))
