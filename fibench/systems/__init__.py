"""The systems of the source documents, each a small package with its V1 and V2.

They import nothing of fibench and are reached only by name ("package.module:attribute", or a server's command line),
by the same door as a user's own code.
"""
