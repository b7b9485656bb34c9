"""How the files of a FileSink are named."""

from __future__ import annotations

import os

from pyflinkx.config.arguments import check_text
from pyflinkx.errors import ConfigurationError


class OutputFileConfig:
    """How files are named: ``<prefix>-<id of the subtask>-<number><suffix>``.

    Args:
        part_prefix: what names begin with.
        part_suffix: what they end with, such as ".txt".

    Raises:
        ConfigurationError: one holds a separator of paths, or the prefix hides the file.
    """

    def __init__(self, part_prefix: str, part_suffix: str) -> None:
        for text in (check_text(part_prefix, "part_prefix"), check_text(part_suffix, "part_suffix")):
            if os.sep in text or "\0" in text:
                raise ConfigurationError(f"a part of a file name cannot be {text!r}")
        if part_prefix.startswith((".", "_")):
            raise ConfigurationError(f"files that begin with {part_prefix[0]!r} are hidden: {part_prefix!r}")
        self.part_prefix = part_prefix
        self.part_suffix = part_suffix

    @staticmethod
    def builder() -> OutputFileConfig.OutputFileConfigBuilder:
        """A builder with the prefix "part" and no suffix."""
        return OutputFileConfig.OutputFileConfigBuilder()

    def get_part_prefix(self) -> str:
        """What names begin with."""
        return self.part_prefix

    def get_part_suffix(self) -> str:
        """What names end with."""
        return self.part_suffix

    class OutputFileConfigBuilder:
        """Builds an OutputFileConfig."""

        def __init__(self) -> None:
            self._prefix, self._suffix = "part", ""

        def with_part_prefix(self, prefix: str) -> OutputFileConfig.OutputFileConfigBuilder:
            """Begin names with that."""
            self._prefix = prefix
            return self

        def with_part_suffix(self, suffix: str) -> OutputFileConfig.OutputFileConfigBuilder:
            """End names with that."""
            self._suffix = suffix
            return self

        def build(self) -> OutputFileConfig:
            """The configuration."""
            return OutputFileConfig(self._prefix, self._suffix)
