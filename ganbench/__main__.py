"""`python -m ganbench`."""

from ganbench.cli.main import main

if __name__ == "__main__":
    main()
