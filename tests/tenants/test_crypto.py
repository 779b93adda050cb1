"""Sealed values open in their place, with a key that we have, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tenants.crypto import SealError, is_sealed_with_newest, seal, unseal

PLACE = "connections_secret.sealed_cache:17"
OLD, NEW = ("old", bytes(range(32))), ("new", bytes(range(32, 64)))


@given(st.binary(max_size=4096))
def test_what_was_sealed_opens_in_its_place(plain: bytes) -> None:
    assert unseal(seal(plain, place=PLACE), place=PLACE) == plain


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param("connections_secret.sealed_cache:18", id="another row"),
        pytest.param("connections_secret.home_account_id:17", id="another column"),
        pytest.param("connections_signinflow.sealed_flow:17", id="another table"),
        pytest.param("", id="no place"),
    ],
)
def test_a_value_moved_elsewhere_is_unreadable(elsewhere: str) -> None:
    with pytest.raises(SealError):
        unseal(seal(b"token", place=PLACE), place=elsewhere)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_value_with_one_changed_byte_is_unreadable(position: int, change: int) -> None:
    sealed = bytearray(seal(b"a token", place=PLACE))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(SealError):
        unseal(bytes(sealed), place=PLACE)


@given(st.binary(max_size=200))
def test_what_was_never_sealed_is_unreadable(data: bytes) -> None:
    with pytest.raises(SealError):
        unseal(data, place=PLACE)


def test_a_value_cut_off_anywhere_is_unreadable() -> None:
    sealed = seal(b"a token", place=PLACE)
    for end in range(len(sealed)):
        with pytest.raises(SealError):
            unseal(sealed[:end], place=PLACE)


def test_the_newest_key_seals_and_every_listed_one_opens(settings: Settings) -> None:
    settings.SEAL_KEYS = [OLD]
    sealed = seal(b"token", place=PLACE)

    settings.SEAL_KEYS = [NEW, OLD]

    assert unseal(sealed, place=PLACE) == b"token"
    assert not is_sealed_with_newest(sealed)
    assert is_sealed_with_newest(seal(b"token", place=PLACE))


def test_without_its_key_a_value_is_unreadable(settings: Settings) -> None:
    settings.SEAL_KEYS = [OLD]
    sealed = seal(b"token", place=PLACE)

    settings.SEAL_KEYS = [NEW]

    with pytest.raises(SealError):
        unseal(sealed, place=PLACE)


def test_another_key_under_the_same_id_does_not_open(settings: Settings) -> None:
    settings.SEAL_KEYS = [OLD]
    sealed = seal(b"token", place=PLACE)

    settings.SEAL_KEYS = [("old", NEW[1])]

    with pytest.raises(SealError):
        unseal(sealed, place=PLACE)


def test_the_same_value_sealed_twice_looks_different() -> None:
    assert seal(b"token", place=PLACE) != seal(b"token", place=PLACE)


def test_an_error_does_not_quote_the_value() -> None:
    with pytest.raises(SealError) as caught:
        unseal(seal(b"a-very-secret-token", place=PLACE), place="x.y:1")
    assert "a-very-secret-token" not in str(caught.value)
