"""Who opens which scope, and what comes out of it."""

import ast
from pathlib import Path

from tests.rules import walk

DOORS = {Path(app) / "doors.py" for app in walk.APPS}
# Where the role or the organization of a connection may be set.
SETTERS = {Path("tenants/scoping.py")}
FIRST_WORDS = {"of", "create", "bulk_create"}
# Queries of customers' rows that begin without `.of(organization)`, and why they may.
WITHOUT_OF: dict[tuple[str, str], str] = {
    (
        "tenants/admin.py",
        "Membership.objects.filter",
    ): "support staff count members in all organizations, as their role",
    **{
        ("connections/admin.py", query): "support staff list connections of all organizations, as their role"
        for query in (
            "Connection.objects.exclude",
            "Connection.objects.order_by",
            "MicrosoftTenant.objects.filter",
            "Organization.objects.filter",
        )
    },
    ("webhooks/admin.py", "Connection.objects.aggregate"): "support staff count in all organizations, as their role",
    **{
        ("webhooks/services/looking.py", query): "support staff open one connection by its number, as their role"
        for query in (
            "Connection.objects.select_related",
            "Connection.objects.filter",
            "Subscription.objects.of_mailbox",
        )
    },
    (
        "tenants/services/acting.py",
        "Organization.objects.select_for_update",
    ): "the organization itself, by its id",
    (
        "connections/services/sign_in.py",
        "SignInFlow.objects.raw",
    ): "DELETE … RETURNING, with the organization in its SQL",
    (
        "connections/services/sign_in.py",
        "SignInAnswer.objects.raw",
    ): "DELETE … RETURNING, with the organization in its SQL",
}


def calls(tree: ast.Module, name: str) -> list[int]:
    """The lines that call a function of this name."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) == name or getattr(node.func, "attr", None) == name)
    ]


def test_a_scope_over_all_organizations_opens_in_the_doors_modules_only():
    found = {path for path, tree in walk.modules(*walk.APPS, "config", "scripts") if calls(tree, "system_scope")}
    assert found <= DOORS
    assert found, "no caller was found, so nothing was checked"


def test_the_scope_of_support_opens_in_its_middleware_only():
    found = {path for path, tree in walk.modules(*walk.APPS, "config", "scripts") if calls(tree, "support_scope")}
    assert found == {Path("tenants/middleware.py")}


def test_doors_return_ids_and_no_models():
    names = {model.__name__ for model in walk.models()} | {"QuerySet", "Any"}
    public = [
        (path, node)
        for path, tree in walk.modules()
        if path in DOORS
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert public
    for path, function in public:
        assert function.returns is not None, f"{path}: {function.name}"
        returned = {node.id for node in ast.walk(function.returns) if isinstance(node, ast.Name)}
        assert not returned & names, f"{path}: {function.name}"


def test_a_role_or_an_organization_is_set_in_one_module_only():
    for path, tree in walk.modules(*walk.APPS, "config"):
        texts = [
            node.value.upper()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        setting = [text for text in texts if "SET_CONFIG(" in text or "SET ROLE" in text or "SET LOCAL" in text]
        assert path in SETTERS or not setting, f"{path}: {setting}"


def test_every_query_of_customers_rows_begins_with_its_organization():
    """`Model.objects.of(organization)`: the wall that also holds where the scope is the wrong one."""
    names = {model.__name__ for model in walk.customer_models()}
    found = {
        (str(path), f"{node.value.value.id}.objects.{node.attr}")
        for path, tree in walk.modules()
        if path not in DOORS
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "objects"
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id in names
        and node.attr not in FIRST_WORDS
    }
    assert found == set(WITHOUT_OF), "begin with .of(organization), or give a reason in WITHOUT_OF"
