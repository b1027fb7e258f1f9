"""English and Spanish: the chosen language, its texts, and how it writes numbers, dates and money."""
