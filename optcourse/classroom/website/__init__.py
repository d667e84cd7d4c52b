"""The parts of `optcourse site`: cells to pages, the index of terms, and the inspection of what was written."""
