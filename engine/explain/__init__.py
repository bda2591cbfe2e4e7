"""Why a number is what it is: formulas filled in, verdicts, and the words, which lie in `data`."""
