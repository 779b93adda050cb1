"""The words of HTML bodies, however their markup is written."""

import pytest

from sandbox.bodies import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>One</p><p>Two</p>", "One\r\nTwo"),
        ('<P CLASS="a">One</P>\r\n<BR>Two', "One\r\nTwo"),
        ("One<br/>Two<br />Three", "One\r\nTwo\r\nThree"),
        ('<a href="https://a.example/?x=1>2">link</a> &amp; &lt;more&gt;', "link & <more>"),
        ("<a href='x>y'>link</a>", "link"),
        ("<td width=5>cell</td>", "cell"),
        ("<head><title>No</title></head><body>Yes</body>", "Yes"),
        ("<style>p { color: red }</style>Yes<script>if (a < b) {}</script>", "Yes"),
        ("One<!-- <p>not this</p> -->Two", "One Two"),
        ("1 < 2 and <b>3 > 2</b>", "1 < 2 and 3 > 2"),
        ("<o:p>Word</o:p>", "Word"),
        ("a  lot\r\n of   blanks", "a lot of blanks"),
        ("&nbsp;&eacute;&#233;", "éé"),
    ],
)
def test_a_body_is_read_as_a_person_reads_it(html: str, text: str) -> None:
    assert text_of(html) == text
