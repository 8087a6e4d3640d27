"""Every benchmark, in one run: `make bench`."""

import sys

from benchmarks import decode, gguf_header, startup

if __name__ == "__main__":
    sys.exit(max(startup.main(), decode.main(), gguf_header.main()))
