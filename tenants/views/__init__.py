"""Pages outside of any organization: the way in, and what people see when something is not there."""
