"""What this machine is, how busy it is, and what it cannot do. Machine settings are read, never changed."""
