"""The door for applications: users over REST and GraphQL, on the pipeline's own database."""
