"""Makes bundles: what goes in, how it is checked, frozen and written."""
