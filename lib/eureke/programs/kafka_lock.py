"""Writes kafka.lock anew, after KAFKA_VERSION was changed: `python -m eureke.programs.kafka_lock`.

What it fetches is trusted as it comes; read the difference before you commit it.
"""

import tempfile
from pathlib import Path
from typing import Final

from eureke.programs.program import sha256
from eureke.settings import KAFKA_VERSION

ROOTS: Final = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    f"org.apache.kafka:kafka-tools:{KAFKA_VERSION}",
    # Without this binding the broker logs nothing. The mark `!` keeps its parent's table of
    # versions, which names an older Kafka, out of the resolution.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!",
)


def resolve(repository: Path) -> dict[str, str]:
    """The coordinate and SHA-256 of each jar that a broker and its tools need."""
    from jgo.maven import MavenContext  # noqa: PLC0415  it is slow to load

    context = MavenContext(repo_cache=repository)
    roots, others = context.resolver.resolve([context.create_dependency(each) for each in ROOTS])
    return {
        f"{each.groupId}:{each.artifactId}:{each.version}": sha256(each.artifact.resolve())
        for each in (*roots, *others)
    }


def write() -> None:
    """Resolves the coordinates and writes the lock."""
    with tempfile.TemporaryDirectory() as repository:
        found = resolve(Path(repository))
    lines = [f"{coordinate} {checksum}\n" for coordinate, checksum in sorted(found.items())]
    (Path(__file__).parent / "kafka.lock").write_text("".join(lines))


if __name__ == "__main__":
    write()
