"""``python -m starters``: the command line where the script ``dripstone`` is not installed."""

from starters.cli import main

if __name__ == "__main__":
    main()
