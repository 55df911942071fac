"""The users database where servers are containers; as processes it is a file, with SQLite."""

from eureke.stack.service import Container, Service

USER = DATABASE = "eureke"

POSTGRES = Service(
    name="postgres",
    side="system",
    command=(),
    probe="postgres",
    ports=("",),
    container=Container(
        image="postgres",
        ports={"": 5432},
        peer_port=5432,
        # It can be filled again at any time: a lost write costs nothing, a slow one does.
        command=("postgres", "-c", "fsync=off", "-c", "shared_buffers=64MB"),
        environment={
            "POSTGRES_USER": USER,
            "POSTGRES_DB": DATABASE,
            "POSTGRES_PASSWORD": "$password",
        },
    ),
)
