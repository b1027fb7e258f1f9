"""A seeded world of people and look-alikes of what vendors hand out about them, with the truth of who is who."""
