//! One request, one answer over the network, and whether the request can have arrived.
