"""Whether the hub, from which pretrained weights are downloaded, can be reached."""

from __future__ import annotations

import os
import socket

HUB = "huggingface.co"


def go_offline_without_hub() -> None:
    """Switch the hub's client to its offline mode where the name of the hub cannot be resolved.

    Otherwise, without a network, the client would retry for almost a minute before it fails. Nothing is
    checked where a proxy or another hub is configured.
    """
    if any(name.lower() in ("https_proxy", "all_proxy", "hf_endpoint") for name in os.environ):
        return
    try:
        socket.getaddrinfo(HUB, 443)
    except OSError:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
