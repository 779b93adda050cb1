"""`python -m tests.checked_sandbox PORT`: the sandbox as it is, and a look at each of its answers (`/_answers`)."""

import sys

from flask import request_finished

from sandbox.app import create_app
from sandbox.server import server_for
from sandbox.state import Sandbox
from tests import answers

HOST = "127.0.0.1"


def main(port: int) -> None:
    app = create_app(Sandbox(public_url=f"http://{HOST}:{port}"))
    findings = answers.Findings()
    if answers.can_be_checked():
        request_finished.connect(findings.look, app)
    app.add_url_rule("/_answers", view_func=findings.as_json)
    server_for(app, HOST, port).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
