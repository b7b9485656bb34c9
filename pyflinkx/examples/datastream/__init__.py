"""Short programs, one topic each; ``python -m pyflinkx.examples.datastream.NAME`` runs one."""
