"""One short program for each topic of the DataStream API."""
