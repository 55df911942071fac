"""What models foretell: of scaling, the Universal Scalability Law; of waiting, queues."""

from eureke.theory.queueing import Queue
from eureke.theory.scalability import Scalability, fitted, spread

__all__ = ["Queue", "Scalability", "fitted", "spread"]
