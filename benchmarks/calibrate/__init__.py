"""The numbers of README: A/A honesty, power, peers, overhead. `make calibrate` prints them on your machine."""
