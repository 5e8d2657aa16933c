"""A Suki that runs on this machine: real REST, real sockets, a real recogniser."""
