"""A local ServiceTitan, to try, develop and test a pipeline without credentials.

It is a development tool: an honest stand-in, built from the vendor's documents and from what public clients
observed, not a recording of a tenant. Its data is made up.
"""
