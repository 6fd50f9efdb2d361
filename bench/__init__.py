"""Measurements: `python -m bench` names them; each is a module of its own."""
