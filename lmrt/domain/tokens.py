"""What a token of the Hugging Face Hub looks like."""

_BEGINNINGS = ("hf_", "api_", "eyJ")
"""Of access tokens, of the old ones of organizations, and of signed ones for machines."""

_SHORTEST = 12


def malformed_token(token: str) -> str | None:
    """Return why a text can be no token, as a clause that does not quote it, or None."""
    if not token.strip():
        return "is empty"
    if token[0] in "\"'`" or token[-1] in "\"'`":
        return "stands in quotation marks"
    if any(letter.isspace() for letter in token):
        return "holds a blank or a line break"
    if not (token.isascii() and token.isprintable()):
        return "holds letters that no token has"
    if not token.startswith(_BEGINNINGS):
        return "does not begin with `hf_`"
    return "is too short" if len(token) < _SHORTEST else None
