"""What clients read before they sign anybody in."""

import pytest
import requests

from sandbox.directory import CONTOSO_ID, PERSONAL_TENANT_ID
from tests.sandbox.identity_platform import LOGIN, Platform


@pytest.mark.parametrize("tenant", ["common", "organizations"])
def test_metadata_for_everybody_has_a_template_as_issuer(platform: Platform, tenant: str) -> None:
    assert platform.metadata(tenant)["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"


@pytest.mark.parametrize("tenant", ["consumers", PERSONAL_TENANT_ID])
def test_metadata_of_personal_accounts_spells_their_issuer_out(platform: Platform, tenant: str) -> None:
    assert platform.metadata(tenant)["issuer"] == f"{LOGIN}/{PERSONAL_TENANT_ID}/v2.0"


def test_metadata_of_a_domain_has_the_guid_in_every_address(platform: Platform) -> None:
    metadata = platform.metadata("Contoso.Example")
    assert metadata["issuer"] == f"{LOGIN}/{CONTOSO_ID}/v2.0"
    assert metadata["token_endpoint"] == f"{LOGIN}/{CONTOSO_ID}/oauth2/v2.0/token"
    assert metadata["tenant_region_scope"] == "EU"


def test_browsers_are_sent_to_the_sandbox_whatever_host_the_server_asked(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.url}/common/v2.0/.well-known/openid-configuration",
        headers={"Host": "login.microsoftonline.com"},
        timeout=10,
    )
    metadata = answer.json()
    assert metadata["authorization_endpoint"] == f"{platform.url}/common/oauth2/v2.0/authorize"
    assert metadata["end_session_endpoint"] == f"{platform.url}/common/oauth2/v2.0/logout"
    assert metadata["jwks_uri"] == f"{LOGIN}/common/discovery/v2.0/keys"
    assert answer.headers["Cache-Control"] == "max-age=86400, private"


@pytest.mark.parametrize("tenant", ["nowhere.example", "00000000-1111-2222-3333-444444444444"])
def test_an_unknown_tenant_is_refused(platform: Platform, tenant: str) -> None:
    answer = requests.get(f"{platform.url}/{tenant}/v2.0/.well-known/openid-configuration", timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_tenant"
    assert answer.json()["error_codes"] == [90002]


def test_what_cannot_be_a_tenant_has_its_own_number(platform: Platform) -> None:
    answer = requests.get(f"{platform.url}/a_b/v2.0/.well-known/openid-configuration", timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [900023]


def test_the_key_document_has_a_key_for_work_and_one_for_personal_accounts(platform: Platform) -> None:
    keys = platform.keys()["keys"]
    assert [key["issuer"] for key in keys] == [
        f"{LOGIN}/{{tenantid}}/v2.0",
        f"{LOGIN}/{PERSONAL_TENANT_ID}/v2.0",
    ]
    assert len({key["kid"] for key in keys}) == 2
    assert all(key["kty"] == "RSA" and key["use"] == "sig" and key["x5c"] for key in keys)


def test_a_rotation_publishes_new_keys_beside_the_old(platform: Platform) -> None:
    before = {key["kid"] for key in platform.keys()["keys"]}
    platform.identity.rotate_keys()
    after = {key["kid"] for key in platform.keys()["keys"]}
    assert before < after
    assert len(after) == 4


def test_former_keys_can_be_forgotten_at_once(platform: Platform) -> None:
    before = {key["kid"] for key in platform.keys()["keys"]}
    platform.identity.rotate_keys(forget_former=True)
    assert not before & {key["kid"] for key in platform.keys()["keys"]}


def test_instance_discovery_knows_the_aliases_of_the_login_host(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.url}/common/discovery/instance",
        params={"api-version": "1.1", "authorization_endpoint": f"{LOGIN}/common/oauth2/v2.0/authorize"},
        timeout=10,
    ).json()
    assert answer["tenant_discovery_endpoint"] == f"{LOGIN}/common/v2.0/.well-known/openid-configuration"
    assert "login.windows.net" in answer["metadata"][0]["aliases"]


def test_instance_discovery_refuses_a_stranger(platform: Platform) -> None:
    answer = requests.get(
        f"{platform.url}/common/discovery/instance",
        params={"authorization_endpoint": "https://login.example/common/oauth2/v2.0/authorize"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_instance"
