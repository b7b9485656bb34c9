"""PyFlink's names: those that a module offers and another one defines, and those that are not there yet."""
