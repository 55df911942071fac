"""The stack: Kafka, Redis, workers and the world around them, started, watched and ended."""
