"""The dataflow as data: transformations, the stream graph, and the job graph of chained vertices."""
