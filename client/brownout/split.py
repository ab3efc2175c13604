"""Who is served while a flag is dimmed: the same answer as the server's, without asking for each user."""

from hashlib import blake2b

_PARTS = 10_000


def position(salt: str, targeting_key: str) -> float:
    """Where a targeting key stands, 0 to below 100: evenly spread, and differently for every salt."""
    told = f"{len(salt)}:{salt}{targeting_key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big") % _PARTS * 100 / _PARTS


def served(salt: str, share: float, targeting_key: str) -> bool:
    """Is the key among the `share` percent that get the normal value? Without a key: no."""
    return bool(targeting_key) and position(salt, targeting_key) < share
