"""Lessons are written once, in source/, and become lessons/ and solutions/ here."""
