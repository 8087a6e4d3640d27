"""Tests of the training pipeline of the bundled model."""
