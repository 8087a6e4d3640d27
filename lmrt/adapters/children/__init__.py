"""Tries backends out in processes of their own, so that a crash is a finding and not the end."""

from lmrt.adapters.children.examiner import ChildExaminer

__all__ = ["ChildExaminer"]
