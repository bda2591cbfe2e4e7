"""Why a number is what it is: formulas filled in, verdicts, and the one table of words."""
