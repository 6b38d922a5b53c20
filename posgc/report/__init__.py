"""Results as documents, tables and pictures: the command line, notebooks and pages share them."""
