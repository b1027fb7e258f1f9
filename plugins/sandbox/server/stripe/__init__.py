"""Stripe as its API behaves, over the customers, guests and payments of the world."""
