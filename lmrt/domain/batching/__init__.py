"""The rules of a batch loop that every engine's adapter follows: who gets in, where, and who goes.

requests   which sequences a loaded model takes, and how much room they may come to need
slots      which sequence ids are live, and what the idle ones still remember
releases   sequences that their callers gave up
"""
