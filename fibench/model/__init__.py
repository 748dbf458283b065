"""The frozen types that cross every border; data only, no behaviour beyond what follows from their own fields."""
