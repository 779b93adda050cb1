"""Pages as the demo reads them."""

from scripts.forms import Page

PAGE = """
<!doctype html><title>Pick an account</title>
<form method="POST" action="/next?a=1&amp;b=2">
  <input type="hidden" name="attempt" value="&quot;7&quot;">
  <input name="who" value="somebody"><input type="email" name="login"><input type=password name=secret>
  <input type="checkbox" name="everybody" value="1"><input type="checkbox" name="remember" checked>
  <button name="person" value="a1"><b>AM</b> Alice <span>alice@contoso.example</span></button>
  <button>Next</button><input type="submit" name="go" value="Go on">
</form>
<form action="/search"><input name="q"></form>
"""


def test_a_form_is_known_by_what_it_would_send_and_where():
    page = Page(PAGE)
    form, search = page.forms

    assert page.title == "Pick an account"
    assert (form.method, form.action) == ("post", "/next?a=1&b=2")
    assert form.fields == {"attempt": '"7"', "who": "somebody", "login": "", "secret": "", "remember": "on"}
    assert (search.method, search.fields) == ("get", {"q": ""})


def test_what_a_person_types_is_found_by_its_kind():
    form = Page(PAGE).forms[0]

    assert (form.typed["email"], form.typed["password"], form.typed["text"]) == ("login", "secret", "who")


def test_a_button_is_found_by_the_words_on_it():
    form = Page(PAGE).forms[0]

    assert form.pressed("ALICE@contoso.example").value == "a1"
    assert form.pressed("go on").name == "go"
    assert form.pressed("next").name is None
    assert form.pressed("cancel") is None
