"""Tokens that `tokenizer.json` does not add although the files beside it declare them."""

from tokenizers import AddedToken, Tokenizer

from lmrt.adapters.tokenizers.settings import TokenSettings


def add_declared(engine: Tokenizer, settings: TokenSettings) -> None:
    """Let the tokenizer find what is declared beside it, as transformers does when it loads one.

    A token is left out where the vocabulary has no room for it under its declared id.
    """
    present = {added.content for added in engine.get_added_tokens_decoder().values()}
    for declared in settings.declared:
        known = engine.token_to_id(declared.text)
        place = engine.get_vocab_size(with_added_tokens=True) if known is None else known
        if declared.text not in present and place == declared.token:
            engine.add_tokens([AddedToken(declared.text, **declared.flags)])
            present.add(declared.text)
    for text in sorted(settings.special - present):
        if engine.token_to_id(text) is not None:
            engine.add_special_tokens([AddedToken(text, special=True)])
