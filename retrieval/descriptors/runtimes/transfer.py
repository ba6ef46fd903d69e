"""The transfer of batches to the device that torch computes on."""

from __future__ import annotations

from typing import Any, final

from ...ranking.arrays import Float32Array


@final
class BatchTransfer:
    """Sends batches to a device, in the memory format "channels last".

    Batches for a GPU are sent from pinned memory and on a stream of their own, so that a batch is copied
    while the previous one is computed.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._torch, self._device = torch, device
        self._stream = torch.cuda.Stream() if device == "cuda" else None  # type: ignore[no-untyped-call]

    def send_batch(self, batch: Float32Array) -> Any:
        """A tensor that is being copied; `receive_tensor` waits for it. Raises torch.OutOfMemoryError."""
        tensor = self._torch.from_numpy(
            batch
        )  # made from pictures, so its channels are already last in memory
        if self._stream is None:
            return tensor.contiguous(memory_format=self._torch.channels_last)
        with self._torch.cuda.stream(self._stream):
            return tensor.pin_memory().to(
                self._device, memory_format=self._torch.channels_last, non_blocking=True
            )

    def receive_tensor(self, tensor: Any) -> Any:
        """The same tensor, ready for what is computed next. The GPU waits for it, the caller does not."""
        if self._stream is not None:
            computing = self._torch.cuda.current_stream()
            computing.wait_stream(self._stream)
            # Its memory belongs to the stream that copied it, which must not reuse it before this is done.
            tensor.record_stream(computing)
        return tensor
