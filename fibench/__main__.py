"""`python -m fibench`."""

from fibench.cli.main import main

if __name__ == "__main__":
    main()
