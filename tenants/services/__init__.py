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
from tenants.services.second_factor import reseal_second_factors, seal_second_factor, unseal_second_factor

__all__ = [
    "ORGANIZATIONS_PER_OWNER",
    "RESERVED_SLUGS",
    "SLUG_LENGTH",
    "SlugRefused",
    "SlugTaken",
    "TooManyOrganizations",
    "found_organization",
    "is_allowed_slug",
    "reseal_second_factors",
    "seal_second_factor",
    "suggest_slug",
    "unseal_second_factor",
]
