"""
What is done about Graph's calls: `intake` takes them in, `marking` is what they leave behind, `subscriptions` keeps
them coming, `leaving` ends them.
"""
