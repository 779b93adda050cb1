"""
Rounds: one pass of delta from link to link, stored page by page.

`window` says which time is kept, `plan` what a page means (pure), `apply` stores it in one transaction, `lease` lets
one worker at a time do so, and `round` puts them in order.
"""
