"""Numbers in expressions of the Table API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflinkx.sql.tree import expressions as tree
from pyflinkx.table.expression_methods import Methods

if TYPE_CHECKING:
    from pyflinkx.table.expression import Expression


class NumberMethods(Methods):
    """Methods of expressions that are numbers."""

    @property
    def exp(self) -> Expression:
        """Euler's number to this power."""
        return self._call("EXP")

    @property
    def log10(self) -> Expression:
        """The logarithm to the base 10."""
        return self._call("LOG10")

    @property
    def log2(self) -> Expression:
        """The logarithm to the base 2."""
        return self._call("LOG2")

    @property
    def ln(self) -> Expression:
        """The natural logarithm."""
        return self._call("LN")

    @property
    def cosh(self) -> Expression:
        """The hyperbolic cosine."""
        return self._call("COSH")

    @property
    def sinh(self) -> Expression:
        """The hyperbolic sine."""
        return self._call("SINH")

    @property
    def sin(self) -> Expression:
        """The sine."""
        return self._call("SIN")

    @property
    def cos(self) -> Expression:
        """The cosine."""
        return self._call("COS")

    @property
    def tan(self) -> Expression:
        """The tangent."""
        return self._call("TAN")

    @property
    def cot(self) -> Expression:
        """The cotangent."""
        return self._call("COT")

    @property
    def asin(self) -> Expression:
        """The arc sine."""
        return self._call("ASIN")

    @property
    def acos(self) -> Expression:
        """The arc cosine."""
        return self._call("ACOS")

    @property
    def atan(self) -> Expression:
        """The arc tangent."""
        return self._call("ATAN")

    @property
    def tanh(self) -> Expression:
        """The hyperbolic tangent."""
        return self._call("TANH")

    @property
    def degrees(self) -> Expression:
        """Radians as degrees."""
        return self._call("DEGREES")

    @property
    def radians(self) -> Expression:
        """Degrees as radians."""
        return self._call("RADIANS")

    @property
    def sqrt(self) -> Expression:
        """The square root."""
        return self._call("SQRT")

    @property
    def abs(self) -> Expression:
        """Without its sign."""
        return self._call("ABS")

    @property
    def sign(self) -> Expression:
        """-1, 0 or 1."""
        return self._call("SIGN")

    def round(self, places: Any) -> Expression:
        """Rounded half up to so many digits after the point."""
        return self._call("ROUND", places)

    def truncate(self, n: Any = 0) -> Expression:
        """Cut off after so many digits behind the point; by default none."""
        return self._call("TRUNCATE", n)

    @property
    def bin(self) -> Expression:
        """The digits of a whole number to the base 2."""
        return self._call("BIN")

    @property
    def hex(self) -> Expression:
        """The digits of a whole number, or of the bytes of a text, to the base 16."""
        return self._call("HEX")

    @property
    def unhex(self) -> Expression:
        """The bytes that digits to the base 16 stand for."""
        return self._call("UNHEX")

    @property
    def chr(self) -> Expression:
        """The character of a number."""
        return self._call("CHR")

    def inet_ntoa(self) -> Expression:
        """The address of a number."""
        return self._call("INET_NTOA")

    def log(self, base: Any = None) -> Expression:
        """The logarithm to a base, by default Euler's number."""
        return (
            self._call("LOG")
            if base is None
            else self._made(tree.Call(tree.Name(("LOG",)), (self._node_of(base), self._node)))
        )
