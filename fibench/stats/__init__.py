"""Pure mathematics: floats in, small dataclasses out; no clock, no input or output, random numbers passed in."""
