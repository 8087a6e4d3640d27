"""The catalogue's models in their published sizes, as files without data.

::

    with HubServer() as hub:
        serve(hub, MODELS[0], folder)
"""

from tests.support.published.hub import entry_of, serve
from tests.support.published.models import MODELS, Published

__all__ = ["MODELS", "Published", "entry_of", "serve"]
