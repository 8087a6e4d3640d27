"""Predicted speeds beside measured ones, on models that the corrections were not made from."""
