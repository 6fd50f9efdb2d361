"""Cases: open, preview, approve, run, verify, undo, export.

A run alternates transactions and I/O, so it is a leased task (`worker`); these
modules are its steps. docs/cases.md tells the whole loop.
"""
