"""The framework's bare hello, to compare with: `python -m eureke.peers.hello --port 8081`."""

import argparse

import msgspec
import uvicorn
from litestar import Litestar, get


class Hello(msgspec.Struct, frozen=True):
    """As many fields as a small answer has."""

    id: int
    username: str
    email: str


ADA = Hello(7, "ada", "ada@example.com")


@get("/hello")
async def hello() -> Hello:
    """The same answer to everybody."""
    return ADA


def main() -> None:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="eureke.peers.hello")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    application = Litestar([hello], openapi_config=None, logging_config=None)
    uvicorn.run(
        application, host="127.0.0.1", port=given.port, log_level="warning", access_log=False
    )


if __name__ == "__main__":
    main()
