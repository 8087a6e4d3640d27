"""Run language models on your own machine."""
