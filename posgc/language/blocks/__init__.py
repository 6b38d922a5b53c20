"""Language blocks: constructs that plug-ins add to the language, for files that say `use NAME;`."""
