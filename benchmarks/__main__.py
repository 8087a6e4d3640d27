"""Every benchmark, in one run: `make bench`."""

import sys

from benchmarks import decode, gguf_header, listing, startup, worker


def main() -> int:
    """Run them all; return 0 if every figure is within its limit."""
    over = startup.main()
    print()
    over += decode.main()
    print()
    over += worker.main()
    print()
    gguf_header.main(150_000)
    print()
    over += listing.main()
    return over


if __name__ == "__main__":
    sys.exit(main())
