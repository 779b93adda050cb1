"""
Signing in at Microsoft and keeping access afterwards.

MSAL does the protocol and keeps the token cache; the transport, the check of the id_token, the locks and what an
error means are ours. Nothing here logs or raises a token, a code, or a text of Microsoft's.
"""

from connections.identity.access import place_of_secret, silent_token
from connections.identity.application import HTTP_CACHE
from connections.identity.errors import NotAllowed, NoTokens, SignInRefused, TryLater, UnreadableAnswer
from connections.identity.scopes import SCOPES, allow_writing, scopes_for
from connections.identity.sign_in import BegunSignIn, SignedIn, begin_sign_in, finish_sign_in, key_ring

__all__ = [
    "HTTP_CACHE",
    "SCOPES",
    "BegunSignIn",
    "NoTokens",
    "NotAllowed",
    "SignInRefused",
    "SignedIn",
    "TryLater",
    "UnreadableAnswer",
    "allow_writing",
    "begin_sign_in",
    "finish_sign_in",
    "key_ring",
    "place_of_secret",
    "scopes_for",
    "silent_token",
]
