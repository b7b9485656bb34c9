from typing import final

from typing_extensions import Never

@final
class Growing:
    def __init__(self, *args: Never, **kwargs: Never) -> None: ...
