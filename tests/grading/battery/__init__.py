"""Submissions to grade, each with its fair mark. `model` says what one is; honest, broken and hostile hold them as data."""
