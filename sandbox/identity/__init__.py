"""The identity platform: sign-in, consent, tokens, and what Graph asks about a token."""

from sandbox.identity import approval, authorize, discovery, inbox, logout, token, userinfo
from sandbox.identity.access import Access, InvalidToken
from sandbox.identity.http import blueprint
from sandbox.identity.service import Identity, UnknownName

# The views hang themselves on the blueprint when their modules are imported.
VIEWS = (approval, authorize, discovery, inbox, logout, token, userinfo)

__all__ = ["VIEWS", "Access", "Identity", "InvalidToken", "UnknownName", "blueprint"]
