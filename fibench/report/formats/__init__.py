"""One file per format. A format knows syntax and escaping; words, rounding and order come with the document."""
