"""A laboratory of memorisation: small networks that memorise, generalise and forget, live, on a laptop."""

__version__ = "0.1.0"
