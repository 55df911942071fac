"""Users and notifications over GraphQL: the same domain, asked for by the fields one wants."""

from eureke.pipeline.api.graph.door import door

__all__ = ["door"]
