"""What people do with organizations."""

from tenants.services.founding import (
    ORGANIZATIONS_PER_OWNER,
    RESERVED_SLUGS,
    SLUG_LENGTH,
    SlugRefused,
    SlugTaken,
    TooManyOrganizations,
    found_organization,
    is_allowed_slug,
    suggest_slug,
)

__all__ = [
    "ORGANIZATIONS_PER_OWNER",
    "RESERVED_SLUGS",
    "SLUG_LENGTH",
    "SlugRefused",
    "SlugTaken",
    "TooManyOrganizations",
    "found_organization",
    "is_allowed_slug",
    "suggest_slug",
]
