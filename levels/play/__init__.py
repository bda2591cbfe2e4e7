"""Playing a level: moments, questions, goals, the run itself, the score. No screen."""
