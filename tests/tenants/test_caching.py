"""What is kept in Redis is JSON."""

import pickle

import pytest
from django.core.cache import cache

from tenants.caching import JSONSerializer


@pytest.mark.parametrize("value", [0, -1, 2**60, 1.5, True, None, "ä\u2028", [1, [2]], {"a": [1.25]}])
def test_values_come_back_as_they_went_in(value: object):
    cache.set("tests", value, 5)
    assert cache.get("tests", "missing") == value
    assert type(cache.get("tests")) is type(value)


def test_redis_counts_by_itself():
    cache.set("tests", 41, 5)
    assert cache.incr("tests") == 42


def test_a_pickle_that_somebody_put_there_is_not_opened():
    with pytest.raises(ValueError, match=r"decode|Expecting"):
        JSONSerializer().loads(pickle.dumps({"a": 1}))
