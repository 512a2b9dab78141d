//! OFX documents: header, markup, values and one file per message set.
