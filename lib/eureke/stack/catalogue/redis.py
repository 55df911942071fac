"""Two Redis servers: one holds Celery's queue, the other is a cache that may forget."""

from eureke.stack.service import Service

_ALWAYS = """\
bind 127.0.0.1
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


def _redis(name: str, configuration: str) -> Service:
    return Service(
        name=name,
        side="system",
        ports=("",),
        files={"redis.conf": configuration},
        command=("$redis_server", "$folder/redis.conf"),
        probe="redis",
        deadline_s=15,
    )


REDIS_QUEUE = _redis("redis-queue", _QUEUE)
REDIS_CACHE = _redis("redis-cache", _CACHE)
