"""One Kafka broker in KRaft mode, its own controller."""

from typing import Final

from eureke.stack.service import Container, Service

# A line starting with `#` says why.
ALWAYS: Final = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
# One broker: every internal topic has one replica.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
# A group's first member waits for no others.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A broker that was killed is let in again when its old session has ended: 9 s by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A mistyped topic name is an error, not a topic.
auto.create.topics.enable=false
message.max.bytes=4194304
log.retention.bytes=8589934592
num.network.threads=2
num.io.threads=4
"""

AS_PROCESS: Final = """\
controller.quorum.voters=1@127.0.0.1:$port_controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$port_controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
# Relative to the data folder: Java reads this file as Latin-1, whatever the folder is called.
log.dirs=log
"""

# Two listeners: a client goes on to the address that the listener it asked advertises, and this
# machine and the other containers know the broker by different ones.
AS_CONTAINER: Final = """\
controller.quorum.voters=1@localhost:9094
listeners=HOST://0.0.0.0:9092,NETWORK://0.0.0.0:19092,CONTROLLER://0.0.0.0:9094
advertised.listeners=HOST://127.0.0.1:$published,NETWORK://kafka:19092
listener.security.protocol.map=CONTROLLER:PLAINTEXT,HOST:PLAINTEXT,NETWORK:PLAINTEXT
inter.broker.listener.name=NETWORK
log.dirs=/var/lib/kafka/data
"""

# The image's own start formats the disk first, and not every image forgives that a second time.
START: Final = """\
if [ ! -e "$$KAFKA_LOG_DIRS/meta.properties" ]; then exec /etc/kafka/docker/run; fi
exec java $$KAFKA_HEAP_OPTS $$KAFKA_JVM_PERFORMANCE_OPTS -Djava.awt.headless=true \
  -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml \
  -cp '/opt/kafka/libs/*' kafka.Kafka /opt/kafka/config/server.properties
"""


def _environment(properties: str) -> dict[str, str]:
    """The same as the image takes it: `node.id` is KAFKA_NODE_ID."""
    found = {}
    for line in properties.splitlines():
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            found[f"KAFKA_{name.upper().replace('.', '_')}"] = value
    return found


_HEAP: Final = ("-Xms512m", "-Xmx512m")
# It costs less processor time than the one that Java takes by itself, and so small a heap is
# collected as quickly (docs/decisions/0021).
_COLLECTOR: Final = "-XX:+UseSerialGC"
_JAVA: Final = (
    _COLLECTOR,
    "-XX:TieredStopAtLevel=$compiler_level",
    # Or it writes a file outside the run's folder.
    "-XX:-UsePerfData",
)
FIRST_COMPILER, BOTH_COMPILERS = 1, 4
LASTING_S: Final = 1800.0


def compiler_level(load_s: float) -> int:
    """How far the broker's code is compiled, as Java counts it: all the way under a lasting load.

    Java's second compiler takes half of the broker's processor time until it is done, which is
    later than a million sent as fast as it goes; from then on the broker needs a third less.
    """
    return BOTH_COMPILERS if load_s >= LASTING_S else FIRST_COMPILER


LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "%d{HH:mm:ss.SSS} %p %m (%c{1})%n"
  Loggers:
    Root:
      level: WARN
      AppenderRef:
        ref: STDOUT
"""

KAFKA = Service(
    name="kafka",
    side="system",
    ports=("", "controller"),
    files={"server.properties": ALWAYS + AS_PROCESS, "log4j2.yaml": LOG4J},
    first=(
        (
            "$java",
            "$archive_option",
            "-XX:-UsePerfData",
            _COLLECTOR,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            "$classpath",
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id=$cluster_id",
            "-c",
            "server.properties",
            "--ignore-formatted",
        ),
    ),
    command=(
        "$java",
        *_HEAP,
        *_JAVA,
        "$archive_option",
        "-Djava.awt.headless=true",
        "-Djava.io.tmpdir=.",
        "-Dlog4j2.configurationFile=log4j2.yaml",
        "-cp",
        "$classpath",
        "kafka.Kafka",
        "server.properties",
    ),
    probe="kafka",
    container=Container(
        image="kafka",
        ports={"": 9092},
        peer_port=19092,
        command=("bash", "-c", START),
        environment=_environment(ALWAYS + AS_CONTAINER)
        | {
            "CLUSTER_ID": "$cluster_id",
            "KAFKA_HEAP_OPTS": " ".join(_HEAP),
            # An image may choose G1 before these, and two are an error.
            "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(("-XX:-UseG1GC", *_JAVA)),
        },
        mounts={"log4j2.yaml": "/mnt/shared/config/log4j2.yaml"},
        memory_mib=1536,
    ),
)
