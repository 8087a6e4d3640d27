"""How the bundled model `guide` is made: topics, tokenizer, training, export, evaluation."""
