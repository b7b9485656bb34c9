"""Redis: streams with consumer groups as a source; strings, hashes and streams as a sink."""
