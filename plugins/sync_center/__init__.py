"""The Sync Center: the panel of Stage First."""
