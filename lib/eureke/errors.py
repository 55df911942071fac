"""What can go wrong, said so that a reader knows what to do."""


class EurekeError(Exception):
    """An error with its remedy; shown to people without a traceback."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  remedy: {self.remedy}"


class BadParameter(EurekeError):
    """A parameter with an unknown name or an impossible value."""


class ProgramMissing(EurekeError):
    """A server's program is neither on this machine nor in the checkout's cache."""


class ServiceFailed(EurekeError):
    """A server of the stack did not come up, or ended by itself."""


class LoadFailed(EurekeError):
    """A load could not be prepared, sent or waited for."""


class ResultUnreadable(EurekeError):
    """A result folder is missing, damaged or of another schema."""
