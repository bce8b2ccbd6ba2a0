"""`python -m catalog` is the command `saddlery`."""

from catalog.cli import main

if __name__ == "__main__":
    main()
