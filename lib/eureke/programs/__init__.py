"""Programs of others that the stack runs: found on this machine, else fetched into the checkout."""

from eureke.programs.install import install
from eureke.programs.java import java
from eureke.programs.kafka import kafka_classpath
from eureke.programs.program import Program
from eureke.programs.redis import redis_server

__all__ = ["Program", "install", "java", "kafka_classpath", "redis_server"]
