"""The way of batches to the device that torch computes on."""

from __future__ import annotations

from typing import Any, final

from .base import Batch


@final
class Feed:
    """Sends batches to a device, channels last.

    To a GPU they go from pinned memory and on a stream of their own, so that the copy of one runs while the
    one before it is computed.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._torch, self._device = torch, device
        self._stream = torch.cuda.Stream() if device == "cuda" else None  # type: ignore[no-untyped-call]

    def send(self, batch: Batch) -> Any:
        """A tensor that is on its way; `received` waits for it. Raises torch.OutOfMemoryError."""
        tensor = self._torch.from_numpy(batch)  # of pictures, whose channels are last in memory already
        if self._stream is None:
            return tensor.contiguous(memory_format=self._torch.channels_last)
        with self._torch.cuda.stream(self._stream):
            return tensor.pin_memory().to(
                self._device, memory_format=self._torch.channels_last, non_blocking=True
            )

    def received(self, tensor: Any) -> Any:
        """The same tensor, for what is computed from now on: the GPU waits for it, we do not."""
        if self._stream is not None:
            computing = self._torch.cuda.current_stream()
            computing.wait_stream(self._stream)
            # Its memory belongs to the stream that copied, which must not use it again before this is done.
            tensor.record_stream(computing)
        return tensor
