"""GoHighLevel as its API behaves, over the contacts of the world."""
