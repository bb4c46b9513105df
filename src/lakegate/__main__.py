"""`python -m lakegate`: the command line of exactly this interpreter."""

from lakegate.cli import main

if __name__ == "__main__":
    main(prog_name="lakegate")
