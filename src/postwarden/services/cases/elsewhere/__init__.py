"""The part of a case that lies on other systems: seen, contained, returned.

Nothing here is one transaction: what is to be done is written down, then a system is
told to do it, then what became of it is written down. Whoever finds an order without
an answer asks the system where the copy is before anything else.
"""
