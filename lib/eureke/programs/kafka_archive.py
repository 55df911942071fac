"""Kafka's classes as Java keeps them ready for use, so that a broker starts in half the time.

It is Java's own class-data sharing (JEP 350, "Dynamic CDS Archives"): a broker that ends writes
down what it has loaded. An archive is good for one Java and for these very jars, and Java itself
does without one that does not fit.
"""

import hashlib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from eureke.errors import ProgramMissing
from eureke.programs import kafka
from eureke.programs.program import Say, cache, locked, tell
from eureke.programs.runtime import java

WITHIN_S: Final = 60.0
OPTIONS: Final = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
offsets.topic.replication.factor=1
log.dirs=log
"""


def archive_option() -> str:
    """The option by which Java takes the archive; empty where there is none for it."""
    path = _path()
    return f"-XX:SharedArchiveFile={path}" if path.exists() else ""


def make_archive(say: Say = tell) -> None:
    """Makes it where it is missing, by starting a broker once; without it all works, slower."""
    with locked(say):
        if _path().exists():
            return
        say("Kafka: starting a broker once, to keep its classes ready")
        try:
            with tempfile.TemporaryDirectory(dir=cache(), prefix="kafka-archive-") as work:
                made = _made(Path(work))
                for old in cache().glob("kafka-*.jsa"):
                    old.unlink()
                made.replace(_path())
        except (OSError, subprocess.SubprocessError, ProgramMissing) as error:
            say(f"Kafka starts without its classes at hand: {error}")


def _path() -> Path:
    """Its place, by what it depends on: this Java, and each jar as it lies there."""
    told = hashlib.sha256()
    for file in (java().resolve(), *sorted(kafka.folder().glob("*.jar"))):
        found = file.stat()
        told.update(f"{file} {found.st_size} {found.st_mtime_ns}\n".encode())
    return cache() / f"kafka-{told.hexdigest()[:16]}.jsa"


def _made(work: Path) -> Path:
    broker, controller = _free_ports()
    properties = PROPERTIES.format(broker=broker, controller=controller)
    (work / "server.properties").write_text(properties)
    start = (str(java()), *OPTIONS)
    classes = ("-cp", kafka.kafka_classpath())
    form = ("kafka.tools.StorageTool", "format", "--cluster-id=AAAAAAAAAAAAAAAAAAAAAA")
    subprocess.run(
        [*start, *classes, *form, "-c", "server.properties"],
        cwd=work, check=True, capture_output=True, timeout=WITHIN_S,
    )  # fmt: skip
    keep = ("-XX:ArchiveClassesAtExit=classes.jsa", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
    with (work / "log.txt").open("wb") as log:
        running = subprocess.Popen(
            [*start, *keep, *classes, "kafka.Kafka", "server.properties"],
            cwd=work, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _await(running, broker)
        finally:
            running.terminate()
            try:
                running.wait(WITHIN_S)
            finally:
                running.kill()
    if not (work / "classes.jsa").exists():
        raise ProgramMissing("this Java keeps no classes", remedy="nothing: it is only slower")
    return work / "classes.jsa"


def _await(running: subprocess.Popen[bytes], port: int) -> None:
    """Returns once the broker answers."""
    client = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0})
    limit_s = time.monotonic() + WITHIN_S
    while time.monotonic() < limit_s and running.poll() is None:
        try:
            client.list_topics(timeout=1)
        except KafkaException:
            continue
        return
    raise ProgramMissing("a broker did not come up", remedy="see `eureke doctor`")


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]
