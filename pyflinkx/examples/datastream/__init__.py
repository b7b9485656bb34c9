"""Short programs for the DataStream API, one per topic: ``python -m pyflinkx.examples.datastream.NAME``."""
