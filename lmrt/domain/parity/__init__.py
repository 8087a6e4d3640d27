"""Whether backends agree about a model, and where and by how much they do not.

Pure values and rules, in these steps::

    request     what to compare
    precision   how exactly each backend computes, and how far apart that may put two of them
    traces      what each backend made of each prompt
    places      where the logits of two backends have to be compared
    logits      the comparison of two rows of logits
    verdicts    agree, explained by rounding, or disagree
    judging     from traces and logits to a verdict
    report      everything together
"""
