"""Reviews: readers judge copy pairs without knowing the numbers; what their verdicts amount to."""
