"""Two Redis servers: one holds Celery's queue, the other is a cache that may forget."""

from eureke.stack.service import Container, Service

_ALWAYS = """\
bind $bind
protected-mode yes
port $port
requirepass $password
dir "$folder"
# Kafka is the record: nothing here has to survive a restart.
save ""
appendonly no
# A title of its own would overwrite the environment, and with it the mark of our processes.
set-proc-title no
"""

_QUEUE = (
    _ALWAYS
    + """\
# A queue is one key: an evicting Redis could drop a whole queue at once.
maxmemory 1gb
maxmemory-policy noeviction
"""
)

_CACHE = (
    _ALWAYS
    + """\
maxmemory 256mb
maxmemory-policy allkeys-lfu
"""
)


def _redis(name: str, configuration: str, *, memory_mib: int) -> Service:
    return Service(
        name=name,
        side="system",
        ports=("",),
        files={"redis.conf": configuration},
        command=("$redis_server", "$folder/redis.conf"),
        probe="redis",
        container=Container(
            image="redis",
            ports={"": 6379},
            peer_port=6379,
            command=("redis-server", "/etc/redis.conf"),
            mounts={"redis.conf": "/etc/redis.conf"},
            folder="/data",
            memory_mib=memory_mib,
        ),
        deadline_s=15,
    )


REDIS_QUEUE = _redis("redis-queue", _QUEUE, memory_mib=1536)
REDIS_CACHE = _redis("redis-cache", _CACHE, memory_mib=512)
