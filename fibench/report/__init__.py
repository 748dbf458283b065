"""A result becomes a page: model → `builder` (all wording, rounding, order) → Document → one file per format.

`builder.build` says what is shown, `charts` draws, `formats` knows syntax. Nothing here measures, judges or stores.
"""
