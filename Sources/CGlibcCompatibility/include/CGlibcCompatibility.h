// The module has no interface: linking it is all that is wanted. See CGlibcCompatibility.c.
