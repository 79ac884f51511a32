"""`python -m webapp`: serve the guest book on loopback."""

import argparse

import uvicorn

from .service import make_service


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="webapp", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    uvicorn.run(make_service(), host="127.0.0.1", port=arguments.port, log_level="warning")


main()
