"""A certificate for one run, by an authority that nobody else has to trust."""

from typing import Final

NAMES: Final = ("127.0.0.1", "localhost", "nginx")
AUTHORITY: Final = "authority.pem"
"""The file by which a client knows it."""


def certificate() -> dict[str, str]:
    """Its files, by their names: the certificate, its key, and its authority."""
    # Imported here: few stacks speak TLS, and it brings a library of cryptography with it.
    import trustme  # noqa: PLC0415

    authority = trustme.CA(organization_name="eureke", organization_unit_name="one run")
    made = authority.issue_cert(*NAMES)
    return {
        "certificate.pem": made.cert_chain_pems[0].bytes().decode(),
        "key.pem": made.private_key_pem.bytes().decode(),
        AUTHORITY: authority.cert_pem.bytes().decode(),
    }
