"""The course as static web pages. `build` has the notebooks run (cache), written (writing) and looked through (inspection)."""

from collections.abc import Sequence


class SiteFailed(Exception):
    """The site was not written; `faults` are sentences that say why and where."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)
