"""The system under test: from a record in Kafka to one effect at a provider and its receipt."""
