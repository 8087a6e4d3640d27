"""How many NVIDIA GPUs the driver shows."""


def count_cuda_devices() -> int:
    """Return the number of NVIDIA GPUs, 0 where there is no driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()
