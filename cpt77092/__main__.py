"""Lets `python -m cpt77092` stand for `scrub`."""

from cpt77092.cli.main import main

if __name__ == "__main__":
    main()
